-- Nothing is looked up by these; keeping them cost a page of writing for every signature.
DROP INDEX signatures_seal;
DROP INDEX audit_events_at;
