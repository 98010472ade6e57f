-- OFD documents, and files of any kind.

ALTER TABLE signatures DROP CONSTRAINT signatures_format_known;
ALTER TABLE signatures ADD CONSTRAINT signatures_format_known
    CHECK (format IN ('pdf', 'ofd', 'file', 'digest'));
