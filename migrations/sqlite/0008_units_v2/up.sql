-- Speciality schemes (专业分类标准) and crosswalks that a bureau has loaded: the id of a scheme, or two ids
-- with a slash. The text is sealed in the journal entry that `entry` names; none is ever changed.
CREATE TABLE scheme (
    id      TEXT NOT NULL,
    entry   INTEGER NOT NULL,
    created INTEGER NOT NULL,
    CONSTRAINT "scheme.id" PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- Units, second form: versions, merging, and what lists ask for. The rest is in the sealed image.
ALTER TABLE unit ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE unit ADD COLUMN excluded_kind TEXT;
ALTER TABLE unit ADD COLUMN merged_into TEXT;
CREATE INDEX unit_by_merged ON unit (merged_into, code);

-- What leads to a unit: `kind` (purchaser, …), `name` (present and former, ASCII in lower case), `parent`
-- and `controls` (credit codes), `department`, `person` (keyed hash of a key person's identity, hex).
CREATE TABLE unit_link (
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT "unit_link.unit" PRIMARY KEY (unit, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX unit_link_by_value ON unit_link (kind, value, unit);
INSERT INTO unit_link (unit, kind, value) SELECT code, 'name', lower(name) FROM unit;
