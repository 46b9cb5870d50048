-- The first table among the files of an ingest, beside its dialect: {name, header, width}. The other files
-- are compared with it. Null for ingests of before, whose files are all read by one dialect.
alter table sluice.ingests add column first_table jsonb;
