-- A digest of the names, sizes and versions of the files, by which the same files are known again.
alter table sluice.ingests add column fingerprint text;
create index on sluice.ingests (fingerprint) where fingerprint is not null;
