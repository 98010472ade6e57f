-- Several reviewers decide at one level, and one in the place of another; a key may be used by the
-- next version of a seal again. SQLite changes keys of tables by building them anew.

CREATE TABLE application_decisions_by_person (
    application_id TEXT NOT NULL CONSTRAINT decisions_application_fk REFERENCES applications (id),
    round BIGINT NOT NULL,
    level BIGINT NOT NULL,
    level_name TEXT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT decisions_verdict_known
        CHECK (verdict IN ('approve', 'reject', 'return')),
    reason TEXT,
    principal_id TEXT NOT NULL CONSTRAINT decisions_principal_fk REFERENCES principals (id),
    person_id TEXT NOT NULL CONSTRAINT decisions_person_fk REFERENCES persons (id),
    -- the absent reviewer in whose place it was decided
    for_person_id TEXT CONSTRAINT decisions_for_person_fk REFERENCES persons (id),
    decided_at BIGINT NOT NULL,
    CONSTRAINT application_decisions_pk PRIMARY KEY (application_id, round, level, person_id),
    CONSTRAINT decisions_rejection_reasoned CHECK (verdict = 'approve' OR reason IS NOT NULL)
);
INSERT INTO application_decisions_by_person
    SELECT application_id, round, level, level_name, verdict, reason, principal_id, person_id, NULL,
        decided_at FROM application_decisions;
DROP TABLE application_decisions;
ALTER TABLE application_decisions_by_person RENAME TO application_decisions;

CREATE TABLE credentials_by_version (
    id TEXT NOT NULL CONSTRAINT credentials_pk PRIMARY KEY,
    seal_version_id TEXT NOT NULL CONSTRAINT credentials_version_fk REFERENCES seal_versions (id),
    scheme TEXT NOT NULL CONSTRAINT credentials_scheme_known CHECK (scheme IN ('p256', 'sm2')),
    custody TEXT NOT NULL CONSTRAINT credentials_custody_known CHECK (custody IN ('hsm', 'hsm-wrapped')),
    key_id TEXT NOT NULL CONSTRAINT credentials_key_fk REFERENCES keys (id),
    -- PKCS #10, PEM
    certificate_request TEXT NOT NULL,
    -- JSON array of PEM, leaf first; empty before the seal is made
    certificate_chain TEXT NOT NULL,
    -- SHA-256 of the leaf, hexadecimal; none before the seal is made
    fingerprint TEXT CONSTRAINT credentials_fingerprint_unique UNIQUE,
    -- the electronic seal (GB/T 38540), DER, base64; none for P-256 and before the seal is made
    seal_structure TEXT,
    CONSTRAINT credentials_scheme_unique UNIQUE (seal_version_id, scheme)
);
INSERT INTO credentials_by_version
    SELECT id, seal_version_id, scheme, custody, key_id, certificate_request, certificate_chain,
        fingerprint, seal_structure FROM credentials;
DROP TABLE credentials;
ALTER TABLE credentials_by_version RENAME TO credentials;
CREATE INDEX credentials_key ON credentials (key_id);
