-- Keys that are being destroyed, and those that are. The CHECK is widened as in 0009.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '(''intended'', ''present'', ''abandoned'')',
        '(''intended'', ''present'', ''abandoned'', ''destroying'', ''destroyed'')')
    WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;
