-- Applications that are returned to be corrected, rounds of review, and when decisions are due.

ALTER TABLE applications ADD COLUMN round BIGINT NOT NULL DEFAULT 1;
-- the end of a working day in China, microseconds; none while nobody has to decide
ALTER TABLE applications ADD COLUMN due_at BIGINT;
CREATE INDEX applications_due ON applications (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE application_decisions_by_round (
    application_id TEXT NOT NULL CONSTRAINT decisions_application_fk REFERENCES applications (id),
    round BIGINT NOT NULL,
    level BIGINT NOT NULL,
    level_name TEXT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT decisions_verdict_known
        CHECK (verdict IN ('approve', 'reject', 'return')),
    reason TEXT,
    principal_id TEXT NOT NULL CONSTRAINT decisions_principal_fk REFERENCES principals (id),
    person_id TEXT NOT NULL CONSTRAINT decisions_person_fk REFERENCES persons (id),
    decided_at BIGINT NOT NULL,
    CONSTRAINT application_decisions_pk PRIMARY KEY (application_id, round, level),
    CONSTRAINT decisions_rejection_reasoned CHECK (verdict = 'approve' OR reason IS NOT NULL)
);
INSERT INTO application_decisions_by_round
    SELECT application_id, 1, level, level_name, verdict, reason, principal_id, person_id, decided_at
    FROM application_decisions;
DROP TABLE application_decisions;
ALTER TABLE application_decisions_by_round RENAME TO application_decisions;

-- What expires next is asked for by time.
CREATE INDEX seal_versions_valid_until ON seal_versions (valid_until);

-- SQLite has no statement that changes a CHECK; widening one changes no row and no layout, so its
-- text is replaced (https://sqlite.org/lang_altertable.html, section 8).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '(''submitted'', ''approved'', ''rejected'', ''withdrawn'')',
        '(''submitted'', ''returned'', ''approved'', ''rejected'', ''withdrawn'')')
    WHERE type = 'table' AND name = 'applications';
PRAGMA writable_schema = RESET;
