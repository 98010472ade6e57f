-- Applications, seals, their versions, credentials, pictures, states and grants.

CREATE TABLE seals (
    id TEXT NOT NULL CONSTRAINT seals_pk PRIMARY KEY,
    -- the public seal code, stable over all versions
    code TEXT NOT NULL CONSTRAINT seals_code_unique UNIQUE,
    organization_id TEXT NOT NULL CONSTRAINT seals_organization_fk REFERENCES organizations (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX seals_organization ON seals (organization_id);

CREATE TABLE applications (
    id TEXT NOT NULL CONSTRAINT applications_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT applications_organization_fk REFERENCES organizations (id),
    kind TEXT NOT NULL CONSTRAINT applications_kind_known
        CHECK (kind IN ('create', 'renew', 'change', 'revoke')),
    state TEXT NOT NULL CONSTRAINT applications_state_known
        CHECK (state IN ('submitted', 'approved', 'rejected', 'withdrawn')),
    -- optimistic version
    revision BIGINT NOT NULL,
    seal_id TEXT CONSTRAINT applications_seal_fk REFERENCES seals (id),
    seal_kind TEXT NOT NULL,
    seal_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    applicant_id TEXT NOT NULL CONSTRAINT applications_applicant_fk REFERENCES principals (id),
    applicant_person_id TEXT NOT NULL CONSTRAINT applications_person_fk REFERENCES persons (id),
    -- JSON array of level names
    levels TEXT NOT NULL,
    -- whether the approved act was carried out; may happen once
    used BIGINT NOT NULL CONSTRAINT applications_used_boolean CHECK (used IN (0, 1)),
    created_at BIGINT NOT NULL,
    CONSTRAINT applications_used_only_approved CHECK (used = 0 OR state = 'approved')
);
CREATE INDEX applications_organization ON applications (organization_id);

CREATE TABLE application_decisions (
    application_id TEXT NOT NULL CONSTRAINT decisions_application_fk REFERENCES applications (id),
    level BIGINT NOT NULL,
    level_name TEXT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT decisions_verdict_known CHECK (verdict IN ('approve', 'reject')),
    reason TEXT,
    principal_id TEXT NOT NULL CONSTRAINT decisions_principal_fk REFERENCES principals (id),
    person_id TEXT NOT NULL CONSTRAINT decisions_person_fk REFERENCES persons (id),
    decided_at BIGINT NOT NULL,
    CONSTRAINT application_decisions_pk PRIMARY KEY (application_id, level),
    CONSTRAINT decisions_rejection_reasoned CHECK (verdict = 'approve' OR reason IS NOT NULL)
);

CREATE TABLE pictures (
    -- SHA-256 of the PNG, hexadecimal
    digest TEXT NOT NULL CONSTRAINT pictures_pk PRIMARY KEY,
    -- PNG, base64
    png TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE seal_versions (
    id TEXT NOT NULL CONSTRAINT seal_versions_pk PRIMARY KEY,
    seal_id TEXT NOT NULL CONSTRAINT seal_versions_seal_fk REFERENCES seals (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL CONSTRAINT seal_versions_state_known CHECK (state IN (
        'key-ready', 'made', 'active', 'suspended', 'lost',
        'superseded', 'revoked', 'expired', 'abandoned', 'invalidated')),
    -- optimistic version
    revision BIGINT NOT NULL,
    application_id TEXT NOT NULL CONSTRAINT seal_versions_application_fk REFERENCES applications (id),
    picture_digest TEXT CONSTRAINT seal_versions_picture_fk REFERENCES pictures (digest),
    -- size on paper, micrometres
    picture_width_um BIGINT,
    picture_height_um BIGINT,
    valid_from BIGINT,
    valid_until BIGINT,
    -- the person who made it; may not have applied for it nor reviewed it
    made_by TEXT CONSTRAINT seal_versions_maker_fk REFERENCES persons (id),
    loss_reported_by TEXT CONSTRAINT seal_versions_reporter_fk REFERENCES persons (id),
    recovery_confirmed_by TEXT CONSTRAINT seal_versions_finder_fk REFERENCES persons (id),
    created_at BIGINT NOT NULL,
    CONSTRAINT seal_versions_number_unique UNIQUE (seal_id, number),
    CONSTRAINT seal_versions_made_is_complete CHECK (
        state IN ('key-ready', 'abandoned', 'invalidated')
        OR (picture_digest IS NOT NULL AND valid_from IS NOT NULL AND valid_until IS NOT NULL)),
    CONSTRAINT seal_versions_lost_is_reported CHECK (state <> 'lost' OR loss_reported_by IS NOT NULL)
);
-- At most one version of a seal is in use.
CREATE UNIQUE INDEX seal_versions_one_in_use ON seal_versions (seal_id)
    WHERE state IN ('active', 'suspended', 'lost');

CREATE TABLE credentials (
    id TEXT NOT NULL CONSTRAINT credentials_pk PRIMARY KEY,
    seal_version_id TEXT NOT NULL CONSTRAINT credentials_version_fk REFERENCES seal_versions (id),
    scheme TEXT NOT NULL CONSTRAINT credentials_scheme_known CHECK (scheme IN ('p256', 'sm2')),
    custody TEXT NOT NULL CONSTRAINT credentials_custody_known CHECK (custody IN ('hsm')),
    key_id TEXT NOT NULL CONSTRAINT credentials_key_unique UNIQUE
        CONSTRAINT credentials_key_fk REFERENCES keys (id),
    -- PKCS #10, PEM
    certificate_request TEXT NOT NULL,
    -- JSON array of PEM, leaf first; empty before the seal is made
    certificate_chain TEXT NOT NULL,
    -- SHA-256 of the leaf, hexadecimal; none before the seal is made
    fingerprint TEXT CONSTRAINT credentials_fingerprint_unique UNIQUE,
    CONSTRAINT credentials_scheme_unique UNIQUE (seal_version_id, scheme)
);

-- Every change of state, for ever: append only.
CREATE TABLE state_changes (
    seal_version_id TEXT NOT NULL CONSTRAINT state_changes_version_fk REFERENCES seal_versions (id),
    revision BIGINT NOT NULL,
    from_state TEXT,
    event TEXT,
    to_state TEXT NOT NULL,
    reason TEXT,
    -- none where the clock did it
    principal_id TEXT CONSTRAINT state_changes_principal_fk REFERENCES principals (id),
    at BIGINT NOT NULL,
    CONSTRAINT state_changes_pk PRIMARY KEY (seal_version_id, revision)
);

CREATE TABLE grants (
    id TEXT NOT NULL CONSTRAINT grants_pk PRIMARY KEY,
    seal_id TEXT NOT NULL CONSTRAINT grants_seal_fk REFERENCES seals (id),
    principal_id TEXT NOT NULL CONSTRAINT grants_principal_fk REFERENCES principals (id),
    -- JSON array; empty for any
    document_types TEXT NOT NULL,
    -- whether bare digests may be signed
    digests BIGINT NOT NULL CONSTRAINT grants_digests_boolean CHECK (digests IN (0, 1)),
    quota BIGINT,
    used BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT grants_quota_kept CHECK (quota IS NULL OR used <= quota)
);
CREATE INDEX grants_seal_principal ON grants (seal_id, principal_id);
