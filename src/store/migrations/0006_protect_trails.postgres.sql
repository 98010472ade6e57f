-- PostgreSQL's way of saying: these tables only grow.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER state_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON state_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
