-- Certificates for encryption beside those for signing; what the authority above a version may stand
-- for; revocations that authorities elsewhere have to carry out.

-- PEM
ALTER TABLE credentials ADD COLUMN encryption_certificate TEXT;
-- e-government, licensed or internal; none before the version is made and for versions of before
ALTER TABLE seal_versions ADD COLUMN ca_class TEXT;

CREATE TABLE certificate_revocations (
    id TEXT NOT NULL CONSTRAINT certificate_revocations_pk PRIMARY KEY,
    seal_id TEXT NOT NULL CONSTRAINT certificate_revocations_seal_fk REFERENCES seals (id),
    -- PEM, leaf first and its issuer as far as known
    certificate TEXT NOT NULL,
    -- CRLReason (RFC 5280 §5.3.1)
    reason BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    done_at BIGINT,
    -- what the authority answered; or that its list says so
    reference TEXT,
    done_by TEXT CONSTRAINT certificate_revocations_principal_fk REFERENCES principals (id)
);
CREATE INDEX certificate_revocations_open ON certificate_revocations (due_at)
    WHERE done_at IS NULL;
