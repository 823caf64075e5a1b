DROP TABLE idempotency;
DROP TABLE account;
