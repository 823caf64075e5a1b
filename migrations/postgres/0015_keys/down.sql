DROP INDEX journal_keys;
DROP TABLE entry_second;
ALTER TABLE log_head DROP COLUMN last_key_entry;
