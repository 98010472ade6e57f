-- What an application holds beside its kind and reason: its number, attachments, particulars, the
-- applicant's declaration; stand-ins of reviewers; the register's counters.

CREATE TABLE counters (
    name TEXT NOT NULL CONSTRAINT counters_pk PRIMARY KEY,
    -- the number that was given last
    value BIGINT NOT NULL
);

-- the number that people use 申请编号
ALTER TABLE applications ADD COLUMN number TEXT NOT NULL DEFAULT '';
UPDATE applications SET number = id;
CREATE UNIQUE INDEX applications_number ON applications (number);
-- JSON: cause of revocation, cause of re-making, new name
ALTER TABLE applications ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
-- JSON: the text, when and by whom it was declared, the signed statement of it
ALTER TABLE applications ADD COLUMN declaration TEXT;

CREATE TABLE application_particulars (
    application_id TEXT NOT NULL CONSTRAINT application_particulars_pk PRIMARY KEY
        CONSTRAINT application_particulars_application_fk REFERENCES applications (id),
    -- JSON object, encrypted under a data key; base64
    content TEXT NOT NULL,
    data_key_id TEXT NOT NULL
        CONSTRAINT application_particulars_key_fk REFERENCES data_keys (id)
);

CREATE TABLE attachments (
    id TEXT NOT NULL CONSTRAINT attachments_pk PRIMARY KEY,
    organization_id TEXT NOT NULL CONSTRAINT attachments_organization_fk REFERENCES organizations (id),
    -- none until an application takes it
    application_id TEXT CONSTRAINT attachments_application_fk REFERENCES applications (id),
    -- the word of policies/forms.toml
    kind TEXT NOT NULL,
    -- told from the content
    media_type TEXT NOT NULL,
    -- bytes
    size BIGINT NOT NULL,
    -- SHA-256 of the content, hexadecimal
    digest TEXT NOT NULL,
    -- encrypted under a data key; base64
    content TEXT NOT NULL,
    data_key_id TEXT NOT NULL CONSTRAINT attachments_key_fk REFERENCES data_keys (id),
    uploaded_by TEXT NOT NULL CONSTRAINT attachments_principal_fk REFERENCES principals (id),
    uploaded_at BIGINT NOT NULL
);
CREATE INDEX attachments_application ON attachments (application_id);
CREATE INDEX attachments_unused ON attachments (uploaded_at) WHERE application_id IS NULL;

-- Who decides in the place of an absent reviewer 代审.
CREATE TABLE review_stand_ins (
    id TEXT NOT NULL CONSTRAINT review_stand_ins_pk PRIMARY KEY,
    -- the account of the absent reviewer
    principal_id TEXT NOT NULL CONSTRAINT review_stand_ins_principal_fk REFERENCES principals (id),
    -- who stands in
    person_id TEXT NOT NULL CONSTRAINT review_stand_ins_person_fk REFERENCES persons (id),
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    named_by TEXT NOT NULL CONSTRAINT review_stand_ins_named_by_fk REFERENCES principals (id),
    named_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT review_stand_ins_term CHECK (valid_from < valid_until)
);
CREATE INDEX review_stand_ins_person ON review_stand_ins (person_id);

-- the name on the seal of this version
ALTER TABLE seal_versions ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE seal_versions SET name = (SELECT s.name FROM seals s WHERE s.id = seal_versions.seal_id);
-- when the seal was at its end for good: its name may be given to another one
ALTER TABLE seals ADD COLUMN closed_at BIGINT;
-- tells seals of one name apart that were entered before names had to be unique
ALTER TABLE seals ADD COLUMN homonym BIGINT NOT NULL DEFAULT 0;
UPDATE seals SET closed_at = created_at
    WHERE EXISTS (SELECT 1 FROM seal_versions v WHERE v.seal_id = seals.id)
    AND NOT EXISTS (SELECT 1 FROM seal_versions v WHERE v.seal_id = seals.id
        AND v.state IN ('key-ready', 'made', 'active', 'suspended', 'lost'))
    AND COALESCE((SELECT v.state FROM seal_versions v WHERE v.seal_id = seals.id
        AND v.state <> 'abandoned' ORDER BY v.number DESC LIMIT 1), 'revoked')
        IN ('revoked', 'invalidated');
UPDATE seals SET homonym = (SELECT COUNT(*) FROM seals o
    WHERE o.organization_id = seals.organization_id AND o.kind = seals.kind
    AND o.name = seals.name AND o.id < seals.id);
CREATE UNIQUE INDEX seals_one_of_a_name ON seals (organization_id, kind, name, homonym)
    WHERE closed_at IS NULL;
