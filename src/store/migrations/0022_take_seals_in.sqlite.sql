-- The picture of a seal that was made elsewhere need not be known here. The CHECK is widened as in
-- 0009.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '(picture_digest IS NOT NULL AND', '((picture_digest IS NOT NULL OR imported = 1) AND')
    WHERE type = 'table' AND name = 'seal_versions';
PRAGMA writable_schema = RESET;
