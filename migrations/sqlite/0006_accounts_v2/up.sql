-- Accounts v2: rights and region of a bureau's account, sign-in with a password and a second factor,
-- sessions and API tokens. The second factor's secret is sealed under the account's data key.
CREATE TABLE account_v2 (
    id               TEXT NOT NULL,
    role             TEXT NOT NULL,
    name             TEXT NOT NULL,
    unit             TEXT,
    token_hash       BLOB,
    created          INTEGER NOT NULL,
    expires          INTEGER NOT NULL,
    revoked          INTEGER,
    entry            INTEGER NOT NULL,
    rights           TEXT,
    region           TEXT,
    expert           TEXT,
    login            TEXT,
    person           BLOB,
    password         TEXT,
    password_changed INTEGER,
    must_change      INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1)),
    totp             BLOB,
    totp_required    INTEGER NOT NULL DEFAULT 0 CHECK (totp_required IN (0, 1)),
    locked           INTEGER,
    locked_until     INTEGER,
    CONSTRAINT "account.id" PRIMARY KEY (id),
    CONSTRAINT "account.token_hash" UNIQUE (token_hash),
    CONSTRAINT "account.login" UNIQUE (login)
) STRICT, WITHOUT ROWID;
INSERT INTO account_v2 (id, role, name, unit, token_hash, created, expires, revoked, entry)
    SELECT id, role, name, unit, token_hash, created, expires, revoked, entry FROM account;
DROP TABLE account;
ALTER TABLE account_v2 RENAME TO account;
CREATE INDEX account_by_person ON account (person);
CREATE INDEX account_by_expert ON account (expert);

-- Sessions and API tokens; "used" is no part of the record (a time of use, not a fact).
CREATE TABLE access_token (
    id      TEXT NOT NULL,
    account TEXT NOT NULL,
    kind    TEXT NOT NULL,
    hash    BLOB NOT NULL,
    label   TEXT,
    scopes  TEXT,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ended   INTEGER,
    used    INTEGER NOT NULL,
    entry   INTEGER NOT NULL,
    CONSTRAINT "access_token.id" PRIMARY KEY (id),
    CONSTRAINT "access_token.hash" UNIQUE (hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_by_account ON access_token (account, kind, id);

-- Counters of sign-in, which the journal does not follow: failed attempts since the last success,
-- lockouts since then, the last time step whose code was taken, a second factor not yet confirmed.
CREATE TABLE sign_in (
    account  TEXT NOT NULL,
    failures INTEGER NOT NULL,
    lockouts INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    pending  BLOB,
    CONSTRAINT "sign_in.account" PRIMARY KEY (account)
) STRICT, WITHOUT ROWID;
