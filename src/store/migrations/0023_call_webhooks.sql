-- Who is told of events, and what was told.

CREATE TABLE webhooks (
    id TEXT NOT NULL CONSTRAINT webhooks_pk PRIMARY KEY,
    -- events of it and of those below it
    organization_id TEXT NOT NULL CONSTRAINT webhooks_organization_fk REFERENCES organizations (id),
    -- https:// or mailto:
    url TEXT NOT NULL,
    -- JSON array of event types, perhaps ending in .*; empty for all
    events TEXT NOT NULL,
    -- what deliveries are authenticated with, encrypted under a data key; base64
    secret TEXT NOT NULL,
    data_key_id TEXT NOT NULL CONSTRAINT webhooks_data_key_fk REFERENCES data_keys (id),
    created_by TEXT NOT NULL CONSTRAINT webhooks_principal_fk REFERENCES principals (id),
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE deliveries (
    id TEXT NOT NULL CONSTRAINT deliveries_pk PRIMARY KEY,
    webhook_id TEXT NOT NULL CONSTRAINT deliveries_webhook_fk REFERENCES webhooks (id),
    -- the message in the outbox; the same for all who are told
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    -- JSON, word for word as it is sent every time
    body TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT deliveries_state_known
        CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    -- what went wrong last
    last_error TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    CONSTRAINT deliveries_once UNIQUE (webhook_id, event_id)
);
CREATE INDEX deliveries_pending ON deliveries (next_at) WHERE state = 'pending';

-- What was reminded of, so that nothing is twice.
CREATE TABLE reminders (
    -- kind, subject, due time and how many days before
    key TEXT NOT NULL CONSTRAINT reminders_pk PRIMARY KEY,
    at BIGINT NOT NULL
);
