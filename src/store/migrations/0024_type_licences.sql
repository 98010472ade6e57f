-- Types of licences 证照类型: which seal, where it goes, who approves; and permission for single uses
-- 用印审批.

CREATE TABLE licence_types (
    id TEXT NOT NULL CONSTRAINT licence_types_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT licence_types_organization_fk REFERENCES organizations (id),
    -- the type's code; stands as the document type of what is sealed
    code TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    seal_id TEXT NOT NULL CONSTRAINT licence_types_seal_fk REFERENCES seals (id),
    -- JSON: placement, form, caption and what else a request to seal says
    template TEXT NOT NULL,
    -- how many persons approve every single use
    approvals BIGINT NOT NULL,
    created_by TEXT NOT NULL CONSTRAINT licence_types_principal_fk REFERENCES principals (id),
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    CONSTRAINT licence_types_version_unique UNIQUE (organization_id, code, version)
);
CREATE UNIQUE INDEX licence_types_one_in_force ON licence_types (organization_id, code)
    WHERE retired_at IS NULL;
CREATE INDEX licence_types_seal ON licence_types (seal_id, code) WHERE retired_at IS NULL;

CREATE INDEX licence_types_approved ON licence_types (seal_id, code)
    WHERE retired_at IS NULL AND approvals > 0;

CREATE TABLE use_approvals (
    id TEXT NOT NULL CONSTRAINT use_approvals_pk PRIMARY KEY,
    seal_id TEXT NOT NULL CONSTRAINT use_approvals_seal_fk REFERENCES seals (id),
    document_type TEXT NOT NULL,
    -- SHA-256 of the document that may be sealed, hexadecimal
    document_digest TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT use_approvals_state_known
        CHECK (state IN ('open', 'approved', 'rejected')),
    -- how many persons have to approve
    needed BIGINT NOT NULL,
    requested_by TEXT NOT NULL CONSTRAINT use_approvals_principal_fk REFERENCES principals (id),
    -- none where another system asks
    requester_person_id TEXT CONSTRAINT use_approvals_person_fk REFERENCES persons (id),
    requested_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- the record that used it up
    used_by TEXT CONSTRAINT use_approvals_signature_fk REFERENCES signatures (id)
);
CREATE INDEX use_approvals_seal ON use_approvals (seal_id);
CREATE INDEX use_approvals_used ON use_approvals (used_by) WHERE used_by IS NOT NULL;

CREATE TABLE use_approval_decisions (
    use_approval_id TEXT NOT NULL
        CONSTRAINT use_approval_decisions_approval_fk REFERENCES use_approvals (id),
    person_id TEXT NOT NULL CONSTRAINT use_approval_decisions_person_fk REFERENCES persons (id),
    principal_id TEXT NOT NULL
        CONSTRAINT use_approval_decisions_principal_fk REFERENCES principals (id),
    approved BIGINT NOT NULL CONSTRAINT use_approval_decisions_boolean CHECK (approved IN (0, 1)),
    reason TEXT,
    decided_at BIGINT NOT NULL,
    CONSTRAINT use_approval_decisions_pk PRIMARY KEY (use_approval_id, person_id)
);
