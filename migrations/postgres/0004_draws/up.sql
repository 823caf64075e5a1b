-- Packages (包) of a procurement plan.
CREATE TABLE package (
    id         TEXT COLLATE "C" NOT NULL,
    plan_no    TEXT COLLATE "C" NOT NULL,
    package_no TEXT COLLATE "C" NOT NULL,
    agency     TEXT COLLATE "C" NOT NULL,
    purchaser  TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    entry      BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    CONSTRAINT "package.id" PRIMARY KEY (id),
    CONSTRAINT "package.plan_no, package.package_no" UNIQUE (plan_no, package_no)
);
CREATE INDEX package_by_agency ON package (agency, id);
CREATE INDEX package_by_state ON package (state, id);

-- Draws (抽取): attempts at a package.
CREATE TABLE draw (
    id              TEXT COLLATE "C" NOT NULL,
    package         TEXT COLLATE "C" NOT NULL REFERENCES package (id),
    attempt         BIGINT NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    alpha           BYTEA,
    committed_entry BIGINT,
    drawn_entry     BIGINT,
    ended_entry     BIGINT,
    version         BIGINT NOT NULL,
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    proposal        TEXT COLLATE "C",
    CONSTRAINT "draw.id" PRIMARY KEY (id),
    CONSTRAINT "draw.package, draw.attempt" UNIQUE (package, attempt)
);
CREATE INDEX draw_by_state ON draw (state, id);
