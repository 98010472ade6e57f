-- SQLite's way of saying: these tables only grow.
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER state_changes_no_update BEFORE UPDATE ON state_changes
BEGIN SELECT RAISE(ABORT, 'state_changes is append-only'); END;
CREATE TRIGGER state_changes_no_delete BEFORE DELETE ON state_changes
BEGIN SELECT RAISE(ABORT, 'state_changes is append-only'); END;
CREATE TRIGGER evidence_leaves_no_update BEFORE UPDATE ON evidence_leaves
BEGIN SELECT RAISE(ABORT, 'evidence_leaves is append-only'); END;
CREATE TRIGGER evidence_leaves_no_delete BEFORE DELETE ON evidence_leaves
BEGIN SELECT RAISE(ABORT, 'evidence_leaves is append-only'); END;
