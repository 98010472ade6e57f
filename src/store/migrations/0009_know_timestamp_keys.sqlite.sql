-- Keys that sign timestamps. SQLite has no statement that changes a CHECK; widening one changes no
-- row and no layout, so its text is replaced (https://sqlite.org/lang_altertable.html, section 8).

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '(''seal'', ''ca'', ''receipt'', ''document-wrapping'')',
        '(''seal'', ''ca'', ''receipt'', ''tsa'', ''document-wrapping'')')
    WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;
