-- Signature records, their attempts, and the answers kept for idempotency keys.

CREATE TABLE signatures (
    id TEXT NOT NULL CONSTRAINT signatures_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT signatures_organization_fk REFERENCES organizations (id),
    seal_id TEXT NOT NULL CONSTRAINT signatures_seal_fk REFERENCES seals (id),
    seal_version_id TEXT NOT NULL CONSTRAINT signatures_version_fk REFERENCES seal_versions (id),
    principal_id TEXT NOT NULL CONSTRAINT signatures_principal_fk REFERENCES principals (id),
    grant_id TEXT NOT NULL CONSTRAINT signatures_grant_fk REFERENCES grants (id),
    business_number TEXT,
    document_type TEXT NOT NULL,
    format TEXT NOT NULL CONSTRAINT signatures_format_known CHECK (format IN ('pdf', 'digest')),
    scheme TEXT NOT NULL CONSTRAINT signatures_scheme_known CHECK (scheme IN ('p256', 'sm2')),
    content_unseen BIGINT NOT NULL CONSTRAINT signatures_unseen_boolean CHECK (content_unseen IN (0, 1)),
    state TEXT NOT NULL CONSTRAINT signatures_state_known
        CHECK (state IN ('intended', 'completed', 'withheld', 'failed', 'unresolved')),
    -- SHA-256 of the document before sealing, hexadecimal
    document_digest TEXT NOT NULL,
    -- SHA-256 of the sealed document, hexadecimal
    sealed_digest TEXT,
    -- SHA-256 of the signature value, hexadecimal
    signature_digest TEXT CONSTRAINT signatures_value_unique UNIQUE,
    policy_digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT,
    voided_at BIGINT,
    void_reason TEXT,
    void_successor TEXT CONSTRAINT signatures_successor_fk REFERENCES signatures (id),
    CONSTRAINT signatures_business_number_unique UNIQUE (principal_id, seal_id, business_number),
    CONSTRAINT signatures_completed_is_complete CHECK (
        (state = 'completed') = (completed_at IS NOT NULL AND signature_digest IS NOT NULL)),
    CONSTRAINT signatures_only_completed_voided CHECK (voided_at IS NULL OR state = 'completed')
);
CREATE INDEX signatures_seal ON signatures (seal_id);
CREATE INDEX signatures_sealed_digest ON signatures (sealed_digest);

CREATE TABLE instances (
    -- a running process of the service
    id TEXT NOT NULL CONSTRAINT instances_pk PRIMARY KEY,
    started_at BIGINT NOT NULL,
    -- until when others must leave its attempts alone
    lease_until BIGINT NOT NULL
);

CREATE TABLE attempts (
    id TEXT NOT NULL CONSTRAINT attempts_pk PRIMARY KEY,
    signature_id TEXT NOT NULL CONSTRAINT attempts_signature_fk REFERENCES signatures (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL CONSTRAINT attempts_state_known
        CHECK (state IN ('intended', 'completed', 'withheld', 'failed', 'unresolved')),
    -- the digest that goes to the device, hexadecimal
    to_be_signed_digest TEXT NOT NULL,
    instance_id TEXT NOT NULL CONSTRAINT attempts_instance_fk REFERENCES instances (id),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT attempts_number_unique UNIQUE (signature_id, number)
);
-- At most one attempt of a record is under way, and at most one is ever released.
CREATE UNIQUE INDEX attempts_one_live ON attempts (signature_id)
    WHERE state IN ('intended', 'completed');
CREATE INDEX attempts_intended ON attempts (instance_id) WHERE state = 'intended';

CREATE TABLE idempotency_keys (
    principal_id TEXT NOT NULL CONSTRAINT idempotency_principal_fk REFERENCES principals (id),
    idempotency_key TEXT NOT NULL,
    -- SHA-256 over the canonical parameters and the document digest, hexadecimal
    fingerprint TEXT NOT NULL,
    -- the record of a sealing under way or done; none for other requests
    signature_id TEXT CONSTRAINT idempotency_signature_fk REFERENCES signatures (id),
    -- status and body (JSON) of the answer; none while under way
    status BIGINT,
    body TEXT,
    -- what was appended to the document, encrypted under a data key; base64
    appended TEXT,
    data_key_id TEXT CONSTRAINT idempotency_data_key_fk REFERENCES data_keys (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (principal_id, idempotency_key)
);
CREATE INDEX idempotency_expiry ON idempotency_keys (expires_at);
