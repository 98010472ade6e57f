-- Append-only trails: audit events in hash chains, evidence leaves, outbox.

CREATE TABLE audit_events (
    -- each committing writer owns a chain: <instance>.<epoch>
    chain TEXT NOT NULL,
    -- from 1, without gaps
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- none where the service itself acts
    principal_id TEXT,
    organization_id TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    -- JSON: ids of the policies that decided, and the set's digest
    decision TEXT NOT NULL,
    -- SHA-256 of the payload, hexadecimal; the payload itself may be erased
    payload_digest TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_events_pk PRIMARY KEY (chain, sequence)
);
CREATE INDEX audit_events_at ON audit_events (at);

CREATE TABLE audit_payloads (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    -- JSON
    payload TEXT NOT NULL,
    CONSTRAINT audit_payloads_pk PRIMARY KEY (chain, sequence)
);

CREATE TABLE evidence_leaves (
    signature_id TEXT NOT NULL CONSTRAINT evidence_leaves_pk PRIMARY KEY
        CONSTRAINT evidence_leaves_signature_fk REFERENCES signatures (id),
    -- canonical JSON of what the evidence log will hold
    leaf TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE outbox (
    id TEXT NOT NULL CONSTRAINT outbox_pk PRIMARY KEY,
    topic TEXT NOT NULL,
    -- JSON
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE INDEX outbox_open ON outbox (created_at) WHERE delivered_at IS NULL;
