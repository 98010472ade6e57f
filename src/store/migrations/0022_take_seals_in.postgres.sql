-- The picture of a seal that was made elsewhere need not be known here.

ALTER TABLE seal_versions DROP CONSTRAINT seal_versions_made_is_complete;
ALTER TABLE seal_versions ADD CONSTRAINT seal_versions_made_is_complete CHECK (
    state IN ('key-ready', 'abandoned', 'invalidated')
    OR ((picture_digest IS NOT NULL OR imported = 1)
        AND valid_from IS NOT NULL AND valid_until IS NOT NULL));
