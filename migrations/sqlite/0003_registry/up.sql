-- Units (工作单位).
CREATE TABLE unit (
    code   TEXT NOT NULL,
    name   TEXT NOT NULL,
    region TEXT NOT NULL,
    entry  INTEGER NOT NULL,
    CONSTRAINT "unit.code" PRIMARY KEY (code)
) STRICT, WITHOUT ROWID;
CREATE INDEX unit_by_region ON unit (region, code);

-- Experts (评审专家) without anything that names them; names and facts are sealed in the journal.
CREATE TABLE expert (
    number   TEXT NOT NULL,
    id_hash  BLOB NOT NULL,
    standing TEXT NOT NULL,
    region   TEXT NOT NULL,
    unit     TEXT,
    term_to  TEXT NOT NULL,
    version  INTEGER NOT NULL,
    entry    INTEGER NOT NULL,
    CONSTRAINT "expert.number" PRIMARY KEY (number),
    CONSTRAINT "expert.id_hash" UNIQUE (id_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX expert_by_standing ON expert (standing, number);
CREATE INDEX expert_by_unit ON expert (unit, number);

-- Specialities of an expert, `scheme:code`.
CREATE TABLE expert_speciality (
    number TEXT NOT NULL,
    code   TEXT NOT NULL,
    CONSTRAINT "expert_speciality.number, expert_speciality.code" PRIMARY KEY (number, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX expert_speciality_by_code ON expert_speciality (code, number);

-- Regions in which an expert reviews.
CREATE TABLE expert_region (
    number TEXT NOT NULL,
    code   TEXT NOT NULL,
    CONSTRAINT "expert_region.number, expert_region.code" PRIMARY KEY (number, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX expert_region_by_code ON expert_region (code, number);

-- Rule profiles as loaded, by digest.
CREATE TABLE profile (
    digest TEXT NOT NULL,
    name   TEXT NOT NULL,
    text   TEXT NOT NULL,
    entry  INTEGER NOT NULL,
    CONSTRAINT "profile.digest" PRIMARY KEY (digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_by_entry ON profile (entry);
