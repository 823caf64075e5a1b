-- Accounts v2: rights and region of a bureau's account, sign-in with a password and a second factor,
-- sessions and API tokens. The second factor's secret is sealed under the account's data key.
ALTER TABLE account ALTER COLUMN token_hash DROP NOT NULL;
ALTER TABLE account ADD COLUMN rights TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN region TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN expert TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN login TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN person BYTEA;
ALTER TABLE account ADD COLUMN password TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN password_changed BIGINT;
ALTER TABLE account ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN totp BYTEA;
ALTER TABLE account ADD COLUMN totp_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN locked BIGINT;
ALTER TABLE account ADD COLUMN locked_until BIGINT;
ALTER TABLE account ADD CONSTRAINT "account.login" UNIQUE (login);
CREATE INDEX account_by_person ON account (person);
CREATE INDEX account_by_expert ON account (expert);

-- Sessions and API tokens; "used" is no part of the record (a time of use, not a fact).
CREATE TABLE access_token (
    id      TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    hash    BYTEA NOT NULL,
    label   TEXT COLLATE "C",
    scopes  TEXT COLLATE "C",
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    ended   BIGINT,
    used    BIGINT NOT NULL,
    entry   BIGINT NOT NULL,
    CONSTRAINT "access_token.id" PRIMARY KEY (id),
    CONSTRAINT "access_token.hash" UNIQUE (hash)
);
CREATE INDEX access_token_by_account ON access_token (account, kind, id);

-- Counters of sign-in, which the journal does not follow: failed attempts since the last success,
-- lockouts since then, the last time step whose code was taken, a second factor not yet confirmed.
CREATE TABLE sign_in (
    account  TEXT COLLATE "C" NOT NULL,
    failures BIGINT NOT NULL,
    lockouts BIGINT NOT NULL,
    step     BIGINT NOT NULL,
    pending  BYTEA,
    CONSTRAINT "sign_in.account" PRIMARY KEY (account)
);
