-- Who may sign in; tokens are kept as hashes.
CREATE TABLE account (
    id         TEXT COLLATE "C" NOT NULL,
    role       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C",
    token_hash BYTEA NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    revoked    BIGINT,
    entry      BIGINT NOT NULL,
    CONSTRAINT "account.id" PRIMARY KEY (id),
    CONSTRAINT "account.token_hash" UNIQUE (token_hash)
);

-- Which resource an Idempotency-Key made; answers are rendered anew.
CREATE TABLE idempotency (
    account  TEXT COLLATE "C" NOT NULL,
    key      TEXT COLLATE "C" NOT NULL,
    request  BYTEA NOT NULL,
    resource TEXT COLLATE "C" NOT NULL,
    status   BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    CONSTRAINT "idempotency.account, idempotency.key" PRIMARY KEY (account, key)
);
CREATE INDEX idempotency_by_created ON idempotency (created);
