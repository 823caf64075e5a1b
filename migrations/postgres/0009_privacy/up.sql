-- Rotation of the sealing key: under which generation of it each data key is wrapped.
ALTER TABLE subject_key ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
CREATE INDEX subject_key_by_generation ON subject_key (generation, subject);
-- Looks at sealed fields by account and time: for the limit per account and for the lists. Partial,
-- so that no other entry pays for it; queries repeat the condition word for word.
CREATE INDEX journal_looks ON journal (actor, time) WHERE kind IN ('access.recorded', 'access.limited');
