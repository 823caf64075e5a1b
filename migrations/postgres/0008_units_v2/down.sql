DROP TABLE unit_link;
DROP INDEX unit_by_merged;
ALTER TABLE unit DROP COLUMN merged_into;
ALTER TABLE unit DROP COLUMN excluded_kind;
ALTER TABLE unit DROP COLUMN version;
DROP TABLE scheme;
