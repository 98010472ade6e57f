-- Keys that sign answers about the status of certificates.

ALTER TABLE keys DROP CONSTRAINT keys_purpose_known;
ALTER TABLE keys ADD CONSTRAINT keys_purpose_known CHECK (purpose IN
    ('seal', 'ca', 'receipt', 'tsa', 'ocsp', 'maker', 'document-wrapping', 'credential-wrapping'));
