-- SQLite keeps these by their keys alone: a signature writes five places less.
CREATE TABLE clustered_events (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    principal_id TEXT,
    organization_id TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    decision TEXT NOT NULL,
    payload_digest TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_events_pk PRIMARY KEY (chain, sequence)
) WITHOUT ROWID;
INSERT INTO clustered_events SELECT * FROM audit_events;
DROP TABLE audit_events;
ALTER TABLE clustered_events RENAME TO audit_events;
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;

CREATE TABLE clustered_payloads (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    payload TEXT NOT NULL,
    CONSTRAINT audit_payloads_pk PRIMARY KEY (chain, sequence)
) WITHOUT ROWID;
INSERT INTO clustered_payloads SELECT * FROM audit_payloads;
DROP TABLE audit_payloads;
ALTER TABLE clustered_payloads RENAME TO audit_payloads;

CREATE TABLE clustered_outbox (
    id TEXT NOT NULL CONSTRAINT outbox_pk PRIMARY KEY,
    topic TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
) WITHOUT ROWID;
INSERT INTO clustered_outbox SELECT * FROM outbox;
DROP TABLE outbox;
ALTER TABLE clustered_outbox RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (created_at) WHERE delivered_at IS NULL;
