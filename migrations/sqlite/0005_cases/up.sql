-- Cases (办件): applications, changes, decisions, conduct records, campaigns, … What lists and due
-- dates need; everything else is sealed in the journal entry that `entry` names.
CREATE TABLE case_file (
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    state   TEXT NOT NULL,
    subject TEXT,
    region  TEXT,
    parent  TEXT,
    owner   TEXT,
    due     INTEGER,
    version INTEGER NOT NULL,
    entry   INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    CONSTRAINT "case_file.id" PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_file_by_kind ON case_file (kind, state, id);
CREATE INDEX case_file_by_subject ON case_file (subject, kind, id);
CREATE INDEX case_file_by_parent ON case_file (parent, id);
CREATE INDEX case_file_by_owner ON case_file (owner, kind, id);
CREATE INDEX case_file_by_due ON case_file (due, id);
