DROP TABLE witness;
DROP TABLE cosignature;
DROP TABLE cosigned_head;
