-- Organizations, persons, principals and access keys.
-- Times are microseconds since 1970-01-01T00:00:00Z; identifiers are ULIDs.

CREATE TABLE organizations (
    id TEXT NOT NULL CONSTRAINT organizations_pk PRIMARY KEY,
    -- unified social credit code, GB 32100
    uscc TEXT NOT NULL CONSTRAINT organizations_uscc_unique UNIQUE,
    name TEXT NOT NULL,
    parent_id TEXT CONSTRAINT organizations_parent_fk REFERENCES organizations (id),
    -- '/' and the ids from the root down to this one, each followed by '/'
    path TEXT NOT NULL CONSTRAINT organizations_path_unique UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE persons (
    id TEXT NOT NULL CONSTRAINT persons_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT persons_organization_fk REFERENCES organizations (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE principals (
    id TEXT NOT NULL CONSTRAINT principals_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT principals_organization_fk REFERENCES organizations (id),
    kind TEXT NOT NULL CONSTRAINT principals_kind_known CHECK (kind IN ('person', 'caller')),
    -- the natural person behind an account; none for a caller
    person_id TEXT CONSTRAINT principals_person_fk REFERENCES persons (id),
    name TEXT NOT NULL,
    -- JSON array of role names
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT principals_person_given CHECK ((kind = 'person') = (person_id IS NOT NULL))
);

CREATE TABLE access_keys (
    id TEXT NOT NULL CONSTRAINT access_keys_pk PRIMARY KEY,
    principal_id TEXT NOT NULL CONSTRAINT access_keys_principal_fk REFERENCES principals (id),
    -- SHA-256 of the 256-bit secret, hexadecimal
    secret_digest TEXT NOT NULL,
    -- JSON array of actions the key is limited to; empty for no limit
    actions TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX access_keys_principal ON access_keys (principal_id);
