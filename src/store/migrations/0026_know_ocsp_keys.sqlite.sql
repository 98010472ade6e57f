-- Keys that sign answers about the status of certificates. The CHECK is widened as in 0009.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '''tsa'', ''maker''', '''tsa'', ''ocsp'', ''maker''')
    WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;
