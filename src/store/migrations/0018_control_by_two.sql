-- What one person proposes and another confirms; causes of revocation; changes of organizations.

CREATE TABLE proposals (
    id TEXT NOT NULL CONSTRAINT proposals_pk PRIMARY KEY,
    kind TEXT NOT NULL CONSTRAINT proposals_kind_known
        CHECK (kind IN ('revoke-ex-officio', 'destroy-key', 'waive-gate')),
    state TEXT NOT NULL CONSTRAINT proposals_state_known
        CHECK (state IN ('open', 'confirmed', 'withdrawn')),
    seal_id TEXT NOT NULL CONSTRAINT proposals_seal_fk REFERENCES seals (id),
    seal_version_id TEXT NOT NULL CONSTRAINT proposals_version_fk REFERENCES seal_versions (id),
    reason TEXT NOT NULL,
    cause TEXT,
    -- the refusal that is waived
    code TEXT,
    -- SHA-256 of the certificate that is let through, hexadecimal
    certificate TEXT,
    not_before BIGINT,
    proposed_by TEXT NOT NULL CONSTRAINT proposals_principal_fk REFERENCES principals (id),
    proposer_person_id TEXT NOT NULL CONSTRAINT proposals_person_fk REFERENCES persons (id),
    proposed_at BIGINT NOT NULL,
    decided_by TEXT CONSTRAINT proposals_decider_fk REFERENCES principals (id),
    decided_at BIGINT,
    CONSTRAINT proposals_decided CHECK ((state = 'open') = (decided_by IS NULL))
);
CREATE UNIQUE INDEX proposals_one_open ON proposals (seal_version_id, kind) WHERE state = 'open';

-- the cause of a revocation
ALTER TABLE state_changes ADD COLUMN cause TEXT;
-- CRLReason (RFC 5280 §5.3.1) of a certificate of our own
ALTER TABLE issued_certificates ADD COLUMN revocation_reason BIGINT;
-- when the key was destroyed, and by which proposal
ALTER TABLE keys ADD COLUMN destroyed_at BIGINT;
ALTER TABLE keys ADD COLUMN destroyed_by TEXT CONSTRAINT keys_proposal_fk REFERENCES proposals (id);

-- when an organization ceased to be
ALTER TABLE organizations ADD COLUMN ended_at BIGINT;
CREATE TABLE organization_changes (
    id TEXT NOT NULL CONSTRAINT organization_changes_pk PRIMARY KEY,
    organization_id TEXT NOT NULL
        CONSTRAINT organization_changes_organization_fk REFERENCES organizations (id),
    cause TEXT NOT NULL,
    old_name TEXT NOT NULL,
    new_name TEXT,
    -- the organization that goes on in its place
    successor_id TEXT CONSTRAINT organization_changes_successor_fk REFERENCES organizations (id),
    reason TEXT NOT NULL,
    -- by when its seals have to be changed or revoked
    due_at BIGINT NOT NULL,
    principal_id TEXT NOT NULL
        CONSTRAINT organization_changes_principal_fk REFERENCES principals (id),
    at BIGINT NOT NULL
);
CREATE INDEX organization_changes_organization ON organization_changes (organization_id);
