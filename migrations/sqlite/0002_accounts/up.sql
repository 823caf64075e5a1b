-- Who may sign in; tokens are kept as hashes.
CREATE TABLE account (
    id         TEXT NOT NULL,
    role       TEXT NOT NULL,
    name       TEXT NOT NULL,
    unit       TEXT,
    token_hash BLOB NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    revoked    INTEGER,
    entry      INTEGER NOT NULL,
    CONSTRAINT "account.id" PRIMARY KEY (id),
    CONSTRAINT "account.token_hash" UNIQUE (token_hash)
) STRICT, WITHOUT ROWID;

-- Which resource an Idempotency-Key made; answers are rendered anew.
CREATE TABLE idempotency (
    account  TEXT NOT NULL,
    key      TEXT NOT NULL,
    request  BLOB NOT NULL,
    resource TEXT NOT NULL,
    status   INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    CONSTRAINT "idempotency.account, idempotency.key" PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_created ON idempotency (created);
