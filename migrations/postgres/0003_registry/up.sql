-- Units (工作单位).
CREATE TABLE unit (
    code   TEXT COLLATE "C" NOT NULL,
    name   TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    entry  BIGINT NOT NULL,
    CONSTRAINT "unit.code" PRIMARY KEY (code)
);
CREATE INDEX unit_by_region ON unit (region, code);

-- Experts (评审专家) without anything that names them; names and facts are sealed in the journal.
CREATE TABLE expert (
    number   TEXT COLLATE "C" NOT NULL,
    id_hash  BYTEA NOT NULL,
    standing TEXT COLLATE "C" NOT NULL,
    region   TEXT COLLATE "C" NOT NULL,
    unit     TEXT COLLATE "C",
    term_to  TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    entry    BIGINT NOT NULL,
    CONSTRAINT "expert.number" PRIMARY KEY (number),
    CONSTRAINT "expert.id_hash" UNIQUE (id_hash)
);
CREATE INDEX expert_by_standing ON expert (standing, number);
CREATE INDEX expert_by_unit ON expert (unit, number);

-- Specialities of an expert, `scheme:code`.
CREATE TABLE expert_speciality (
    number TEXT COLLATE "C" NOT NULL,
    code   TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "expert_speciality.number, expert_speciality.code" PRIMARY KEY (number, code)
);
CREATE INDEX expert_speciality_by_code ON expert_speciality (code, number);

-- Regions in which an expert reviews.
CREATE TABLE expert_region (
    number TEXT COLLATE "C" NOT NULL,
    code   TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "expert_region.number, expert_region.code" PRIMARY KEY (number, code)
);
CREATE INDEX expert_region_by_code ON expert_region (code, number);

-- Rule profiles as loaded, by digest.
CREATE TABLE profile (
    digest TEXT COLLATE "C" NOT NULL,
    name   TEXT COLLATE "C" NOT NULL,
    text   TEXT COLLATE "C" NOT NULL,
    entry  BIGINT NOT NULL,
    CONSTRAINT "profile.digest" PRIMARY KEY (digest)
);
CREATE INDEX profile_by_entry ON profile (entry);
