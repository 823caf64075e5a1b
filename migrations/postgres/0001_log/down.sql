DROP TABLE subject_key;
DROP TABLE journal;
DROP TABLE log_tile;
DROP TABLE log_head;
DROP FUNCTION journal_refuse;
