-- The newest state of the log: one row, which is also the lock between processes.
CREATE TABLE log_head (
    id                  INTEGER NOT NULL CHECK (id = 1),
    origin              TEXT NOT NULL,
    size                INTEGER NOT NULL CHECK (size >= 0),
    root                BLOB NOT NULL,
    peaks               BLOB NOT NULL,
    time                INTEGER NOT NULL,
    last_registry_entry INTEGER,
    checkpoint          TEXT NOT NULL,
    CONSTRAINT "log_head.id" PRIMARY KEY (id)
) STRICT;

-- Hash tiles (C2SP tlog-tiles): 1 to 256 hashes each; the right-most of a level is rewritten until it is full.
CREATE TABLE log_tile (
    level  INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    CONSTRAINT "log_tile.level, log_tile.idx" PRIMARY KEY (level, idx)
) STRICT;

-- One row per statement; the leaf index is the number. Append-only, see the triggers.
CREATE TABLE journal (
    idx       INTEGER NOT NULL CHECK (idx >= 0),
    time      INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    registry  INTEGER NOT NULL CHECK (registry IN (0, 1)),
    statement BLOB NOT NULL,
    signature BLOB NOT NULL,
    leaf_hash BLOB NOT NULL,
    image     BLOB,
    CONSTRAINT "journal.idx" PRIMARY KEY (idx)
) STRICT;
CREATE INDEX journal_by_subject ON journal (subject, idx);

-- Wrapped data keys: rotation re-wraps them, erasure deletes them.
CREATE TABLE subject_key (
    subject TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    CONSTRAINT "subject_key.subject" PRIMARY KEY (subject)
) STRICT, WITHOUT ROWID;

-- The journal is append-only: what is written cannot be changed or taken back.
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
