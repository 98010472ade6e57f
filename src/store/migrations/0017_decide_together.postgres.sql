-- Several reviewers decide at one level, and one in the place of another; a key may be used by the
-- next version of a seal again.

ALTER TABLE application_decisions ADD COLUMN for_person_id TEXT
    CONSTRAINT decisions_for_person_fk REFERENCES persons (id);
ALTER TABLE application_decisions DROP CONSTRAINT application_decisions_pk;
ALTER TABLE application_decisions ADD CONSTRAINT application_decisions_pk
    PRIMARY KEY (application_id, round, level, person_id);

ALTER TABLE credentials DROP CONSTRAINT credentials_key_unique;
CREATE INDEX credentials_key ON credentials (key_id);
