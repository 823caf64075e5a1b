-- Packages (包) of a procurement plan.
CREATE TABLE package (
    id         TEXT NOT NULL,
    plan_no    TEXT NOT NULL,
    package_no TEXT NOT NULL,
    agency     TEXT NOT NULL,
    purchaser  TEXT NOT NULL,
    state      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    entry      INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    CONSTRAINT "package.id" PRIMARY KEY (id),
    CONSTRAINT "package.plan_no, package.package_no" UNIQUE (plan_no, package_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_by_agency ON package (agency, id);
CREATE INDEX package_by_state ON package (state, id);

-- Draws (抽取): attempts at a package.
CREATE TABLE draw (
    id              TEXT NOT NULL,
    package         TEXT NOT NULL REFERENCES package (id),
    attempt         INTEGER NOT NULL,
    state           TEXT NOT NULL,
    alpha           BLOB,
    committed_entry INTEGER,
    drawn_entry     INTEGER,
    ended_entry     INTEGER,
    version         INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    proposal        TEXT,
    CONSTRAINT "draw.id" PRIMARY KEY (id),
    CONSTRAINT "draw.package, draw.attempt" UNIQUE (package, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX draw_by_state ON draw (state, id);
