DROP INDEX expert_by_term_to;
DROP INDEX expert_by_title_level;
ALTER TABLE expert DROP COLUMN confirmed;
ALTER TABLE expert DROP COLUMN term_from;
ALTER TABLE expert DROP COLUMN title_level;
