-- Heads of the log that were offered to witnesses (见证方), one at a time, so that all of them cosign the
-- same ones. `note` is the checkpoint as the log signed it, without cosignatures. Kept for ever: the date of
-- a draw's entry is that of the first cosigned head that covers it.
CREATE TABLE cosigned_head (
    size    BIGINT NOT NULL,
    root    BYTEA NOT NULL,
    note    TEXT COLLATE "C" NOT NULL,
    offered BIGINT NOT NULL,
    CONSTRAINT "cosigned_head.size" PRIMARY KEY (size)
);

-- Verified cosignatures; `witness` is the vkey, `time` the witness's own, `line` the signature line.
CREATE TABLE cosignature (
    size    BIGINT NOT NULL REFERENCES cosigned_head (size),
    witness TEXT COLLATE "C" NOT NULL,
    time    BIGINT NOT NULL,
    line    TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "cosignature.key" PRIMARY KEY (size, witness)
);

-- How it stands with each witness: the size that it cosigned last, tries, the class of the last trouble.
CREATE TABLE witness (
    vkey      TEXT COLLATE "C" NOT NULL,
    size      BIGINT NOT NULL,
    cosigned  BIGINT,
    tried     BIGINT,
    succeeded BIGINT,
    failures  BIGINT NOT NULL,
    next_try  BIGINT NOT NULL,
    trouble   TEXT COLLATE "C",
    troubled  BIGINT,
    CONSTRAINT "witness.vkey" PRIMARY KEY (vkey)
);
