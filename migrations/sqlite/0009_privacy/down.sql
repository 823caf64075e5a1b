DROP INDEX journal_looks;
DROP INDEX subject_key_by_generation;
ALTER TABLE subject_key DROP COLUMN generation;
