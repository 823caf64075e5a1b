-- Cases (办件): applications, changes, decisions, conduct records, campaigns, … What lists and due
-- dates need; everything else is sealed in the journal entry that `entry` names.
CREATE TABLE case_file (
    id      TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    state   TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C",
    region  TEXT COLLATE "C",
    parent  TEXT COLLATE "C",
    owner   TEXT COLLATE "C",
    due     BIGINT,
    version BIGINT NOT NULL,
    entry   BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    CONSTRAINT "case_file.id" PRIMARY KEY (id)
);
CREATE INDEX case_file_by_kind ON case_file (kind, state, id);
CREATE INDEX case_file_by_subject ON case_file (subject, kind, id);
CREATE INDEX case_file_by_parent ON case_file (parent, id);
CREATE INDEX case_file_by_owner ON case_file (owner, kind, id);
CREATE INDEX case_file_by_due ON case_file (due, id);
