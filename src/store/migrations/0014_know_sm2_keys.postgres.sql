-- Keys of seal makers, keys that wrap keys, and the custody of what is wrapped.

ALTER TABLE keys DROP CONSTRAINT keys_purpose_known;
ALTER TABLE keys ADD CONSTRAINT keys_purpose_known CHECK (purpose IN
    ('seal', 'ca', 'receipt', 'tsa', 'maker', 'document-wrapping', 'credential-wrapping'));
ALTER TABLE credentials DROP CONSTRAINT credentials_custody_known;
ALTER TABLE credentials ADD CONSTRAINT credentials_custody_known
    CHECK (custody IN ('hsm', 'hsm-wrapped'));
