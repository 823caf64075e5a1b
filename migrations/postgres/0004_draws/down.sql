DROP TABLE draw;
DROP TABLE package;
