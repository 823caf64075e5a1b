DROP TABLE outbox;
DROP TABLE draw_calls;
