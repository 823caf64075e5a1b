-- Heads of the log that were offered to witnesses (见证方), one at a time, so that all of them cosign the
-- same ones. `note` is the checkpoint as the log signed it, without cosignatures. Kept for ever: the date of
-- a draw's entry is that of the first cosigned head that covers it.
CREATE TABLE cosigned_head (
    size    INTEGER NOT NULL,
    root    BLOB NOT NULL,
    note    TEXT NOT NULL,
    offered INTEGER NOT NULL,
    CONSTRAINT "cosigned_head.size" PRIMARY KEY (size)
) STRICT, WITHOUT ROWID;

-- Verified cosignatures; `witness` is the vkey, `time` the witness's own, `line` the signature line.
CREATE TABLE cosignature (
    size    INTEGER NOT NULL REFERENCES cosigned_head (size),
    witness TEXT NOT NULL,
    time    INTEGER NOT NULL,
    line    TEXT NOT NULL,
    CONSTRAINT "cosignature.key" PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;

-- How it stands with each witness: the size that it cosigned last, tries, the class of the last trouble.
CREATE TABLE witness (
    vkey      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    cosigned  INTEGER,
    tried     INTEGER,
    succeeded INTEGER,
    failures  INTEGER NOT NULL,
    next_try  INTEGER NOT NULL,
    trouble   TEXT,
    troubled  INTEGER,
    CONSTRAINT "witness.vkey" PRIMARY KEY (vkey)
) STRICT, WITHOUT ROWID;
