DROP TABLE profile;
DROP TABLE expert_region;
DROP TABLE expert_speciality;
DROP TABLE expert;
DROP TABLE unit;
