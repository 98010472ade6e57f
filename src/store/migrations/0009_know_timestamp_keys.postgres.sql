-- Keys that sign timestamps.

ALTER TABLE keys DROP CONSTRAINT keys_purpose_known;
ALTER TABLE keys ADD CONSTRAINT keys_purpose_known
    CHECK (purpose IN ('seal', 'ca', 'receipt', 'tsa', 'document-wrapping'));
