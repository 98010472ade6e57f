-- Applications that are returned to be corrected, rounds of review, and when decisions are due.

ALTER TABLE applications ADD COLUMN round BIGINT NOT NULL DEFAULT 1;
-- the end of a working day in China, microseconds; none while nobody has to decide
ALTER TABLE applications ADD COLUMN due_at BIGINT;
ALTER TABLE applications DROP CONSTRAINT applications_state_known;
ALTER TABLE applications ADD CONSTRAINT applications_state_known
    CHECK (state IN ('submitted', 'returned', 'approved', 'rejected', 'withdrawn'));
CREATE INDEX applications_due ON applications (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE application_decisions ADD COLUMN round BIGINT NOT NULL DEFAULT 1;
ALTER TABLE application_decisions DROP CONSTRAINT application_decisions_pk;
ALTER TABLE application_decisions ADD CONSTRAINT application_decisions_pk
    PRIMARY KEY (application_id, round, level);
ALTER TABLE application_decisions DROP CONSTRAINT decisions_verdict_known;
ALTER TABLE application_decisions ADD CONSTRAINT decisions_verdict_known
    CHECK (verdict IN ('approve', 'reject', 'return'));

-- What expires next is asked for by time.
CREATE INDEX seal_versions_valid_until ON seal_versions (valid_until);
