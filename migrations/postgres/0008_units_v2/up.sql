-- Speciality schemes (专业分类标准) and crosswalks that a bureau has loaded: the id of a scheme, or two ids
-- with a slash. The text is sealed in the journal entry that `entry` names; none is ever changed.
CREATE TABLE scheme (
    id      TEXT COLLATE "C" NOT NULL,
    entry   BIGINT NOT NULL,
    created BIGINT NOT NULL,
    CONSTRAINT "scheme.id" PRIMARY KEY (id)
);

-- Units, second form: versions, merging, and what lists ask for. The rest is in the sealed image.
ALTER TABLE unit ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE unit ADD COLUMN excluded_kind TEXT COLLATE "C";
ALTER TABLE unit ADD COLUMN merged_into TEXT COLLATE "C";
CREATE INDEX unit_by_merged ON unit (merged_into, code);

-- What leads to a unit: `kind` (purchaser, …), `name` (present and former, ASCII in lower case), `parent`
-- and `controls` (credit codes), `department`, `person` (keyed hash of a key person's identity, hex).
CREATE TABLE unit_link (
    unit TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "unit_link.unit" PRIMARY KEY (unit, kind, value)
);
CREATE INDEX unit_link_by_value ON unit_link (kind, value, unit);
INSERT INTO unit_link (unit, kind, value) SELECT code, 'name', lower(name COLLATE "C") FROM unit;
