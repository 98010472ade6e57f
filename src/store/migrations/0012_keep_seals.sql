-- Named keepers of seals 保管人. A seal that nobody keeps cannot be used.

-- until when somebody keeps the seal, microseconds; none: nobody does
ALTER TABLE seals ADD COLUMN kept_until BIGINT;

CREATE TABLE seal_keepers (
    id TEXT NOT NULL CONSTRAINT seal_keepers_pk PRIMARY KEY,
    seal_id TEXT NOT NULL CONSTRAINT keepers_seal_fk REFERENCES seals (id),
    person_id TEXT NOT NULL CONSTRAINT keepers_person_fk REFERENCES persons (id),
    state TEXT NOT NULL CONSTRAINT keepers_state_known
        CHECK (state IN ('designated', 'keeping', 'declined', 'ended')),
    -- whether for an absence only
    stand_in BIGINT NOT NULL CONSTRAINT keepers_stand_in_boolean CHECK (stand_in IN (0, 1)),
    -- the end of the term, microseconds; none: without end
    until BIGINT,
    -- the keeper who hands over
    replaces TEXT CONSTRAINT keepers_replaces_fk REFERENCES seal_keepers (id),
    designated_by TEXT NOT NULL CONSTRAINT keepers_principal_fk REFERENCES principals (id),
    designated_at BIGINT NOT NULL,
    accepted_at BIGINT,
    ended_at BIGINT,
    end_reason TEXT,
    CONSTRAINT keepers_stand_in_ends CHECK (stand_in = 0 OR until IS NOT NULL),
    CONSTRAINT keepers_keeping_accepted CHECK (state <> 'keeping' OR accepted_at IS NOT NULL),
    CONSTRAINT keepers_over_has_time
        CHECK (state IN ('designated', 'keeping') OR ended_at IS NOT NULL)
);
CREATE INDEX seal_keepers_seal ON seal_keepers (seal_id);
-- nobody keeps the same seal twice at a time
CREATE UNIQUE INDEX seal_keepers_once ON seal_keepers (seal_id, person_id)
    WHERE state IN ('designated', 'keeping');
