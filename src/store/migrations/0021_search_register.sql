-- Searching the register, and seals that were made elsewhere and only registered here.

-- pairs of neighbouring characters of a seal's name, in lower case, and its last character
CREATE TABLE seal_name_grams (
    gram TEXT NOT NULL,
    seal_id TEXT NOT NULL CONSTRAINT seal_name_grams_seal_fk REFERENCES seals (id),
    CONSTRAINT seal_name_grams_pk PRIMARY KEY (gram, seal_id)
);
INSERT INTO seal_name_grams (gram, seal_id)
WITH RECURSIVE grams (id, name, place) AS (
    SELECT id, lower(name), 1 FROM seals
    UNION ALL
    SELECT id, name, place + 1 FROM grams WHERE place < length(name)
)
SELECT DISTINCT substr(name, place, 2), id FROM grams;
CREATE INDEX seal_name_grams_seal ON seal_name_grams (seal_id);

DROP INDEX seals_organization;
CREATE INDEX seals_organization ON seals (organization_id, id);
CREATE INDEX seals_kind ON seals (kind, id);
CREATE INDEX seal_versions_state ON seal_versions (state, seal_id);

-- whether it was made elsewhere and taken into the register from a list
ALTER TABLE seal_versions ADD COLUMN imported BIGINT NOT NULL DEFAULT 0
    CONSTRAINT seal_versions_imported_boolean CHECK (imported IN (0, 1));
CREATE TABLE imported_certificates (
    -- SHA-256, hexadecimal
    fingerprint TEXT NOT NULL CONSTRAINT imported_certificates_pk PRIMARY KEY,
    seal_version_id TEXT NOT NULL
        CONSTRAINT imported_certificates_version_fk REFERENCES seal_versions (id),
    -- PEM
    certificate TEXT NOT NULL
);
CREATE INDEX imported_certificates_version ON imported_certificates (seal_version_id);
