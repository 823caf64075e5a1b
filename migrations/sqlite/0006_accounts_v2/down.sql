DROP TABLE sign_in;
DROP TABLE access_token;
CREATE TABLE account_v1 (
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
-- The earlier schema knows no account without a token.
INSERT INTO account_v1 SELECT id, role, name, unit, token_hash, created, expires, revoked, entry
    FROM account WHERE token_hash IS NOT NULL;
DROP TABLE account;
ALTER TABLE account_v1 RENAME TO account;
