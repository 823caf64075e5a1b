DROP TABLE case_file;
