-- What lists of experts sort and filter by; nothing that names anybody. The service fills rows that
-- were written before (an empty title_level) from their images when it opens.
ALTER TABLE expert ADD COLUMN title_level TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE expert ADD COLUMN term_from TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE expert ADD COLUMN confirmed TEXT COLLATE "C";
CREATE INDEX expert_by_title_level ON expert (title_level, number);
CREATE INDEX expert_by_term_to ON expert (term_to, number);
