-- Keys that are being destroyed, and those that are.

ALTER TABLE keys DROP CONSTRAINT keys_state_known;
ALTER TABLE keys ADD CONSTRAINT keys_state_known
    CHECK (state IN ('intended', 'present', 'abandoned', 'destroying', 'destroyed'));
