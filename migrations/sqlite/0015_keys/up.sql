-- Keys in generations: the newest entry that registers or retires a key, so that every process that
-- writes sees under the lock whether it still knows the keys.
ALTER TABLE log_head ADD COLUMN last_key_entry INTEGER;
-- A second signature line of a statement's note (SM2/SM3), where one is configured. Beside the journal,
-- because the notes of evidence files carry exactly one line.
CREATE TABLE entry_second (
    idx  INTEGER NOT NULL CHECK (idx >= 0),
    line TEXT NOT NULL,
    CONSTRAINT "entry_second.idx" PRIMARY KEY (idx)
) STRICT;
-- The entries about keys, which every export and GET /keys reads. Partial, so that no other entry pays for
-- it; queries repeat the condition word for word.
CREATE INDEX journal_keys ON journal (idx) WHERE kind IN ('key.registered', 'key.retired');
