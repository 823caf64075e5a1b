-- The newest state of the log: one row, which is also the lock between processes.
CREATE TABLE log_head (
    id                  BIGINT NOT NULL CHECK (id = 1),
    origin              TEXT COLLATE "C" NOT NULL,
    size                BIGINT NOT NULL CHECK (size >= 0),
    root                BYTEA NOT NULL,
    peaks               BYTEA NOT NULL,
    time                BIGINT NOT NULL,
    last_registry_entry BIGINT,
    checkpoint          TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "log_head.id" PRIMARY KEY (id)
);

-- Hash tiles (C2SP tlog-tiles): 1 to 256 hashes each; the right-most of a level is rewritten until it is full.
CREATE TABLE log_tile (
    level  BIGINT NOT NULL,
    idx    BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    CONSTRAINT "log_tile.level, log_tile.idx" PRIMARY KEY (level, idx)
);

-- One row per statement; the leaf index is the number. Append-only, see the triggers.
CREATE TABLE journal (
    idx       BIGINT NOT NULL CHECK (idx >= 0),
    time      BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    registry  BOOLEAN NOT NULL,
    statement BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL,
    image     BYTEA,
    CONSTRAINT "journal.idx" PRIMARY KEY (idx)
);
CREATE INDEX journal_by_subject ON journal (subject, idx);

-- Wrapped data keys: rotation re-wraps them, erasure deletes them.
CREATE TABLE subject_key (
    subject TEXT COLLATE "C" NOT NULL,
    wrapped BYTEA NOT NULL,
    CONSTRAINT "subject_key.subject" PRIMARY KEY (subject)
);

-- The journal is append-only: what is written cannot be changed or taken back.
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_no_update BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
