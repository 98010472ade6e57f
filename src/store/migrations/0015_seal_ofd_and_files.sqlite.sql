-- OFD documents, and files of any kind. The CHECK is widened as in 0009.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '(''pdf'', ''digest'')', '(''pdf'', ''ofd'', ''file'', ''digest'')')
    WHERE type = 'table' AND name = 'signatures';
PRAGMA writable_schema = RESET;
