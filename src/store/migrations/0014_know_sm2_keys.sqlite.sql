-- Keys of seal makers, keys that wrap keys, and the custody of what is wrapped. The CHECKs are
-- widened as in 0009.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '''tsa'', ''document-wrapping'')',
        '''tsa'', ''maker'', ''document-wrapping'', ''credential-wrapping'')')
    WHERE type = 'table' AND name = 'keys';
UPDATE sqlite_schema
    SET sql = replace(sql, '(''hsm'')', '(''hsm'', ''hsm-wrapped'')')
    WHERE type = 'table' AND name = 'credentials';
PRAGMA writable_schema = RESET;
