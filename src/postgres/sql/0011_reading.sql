-- What was the dialect of CSV is the reading of a file of any format: {kind, newline, …}.
alter table sluice.ingests rename column dialect to reading;
update sluice.ingests set reading = reading || '{"kind": "csv"}' where reading is not null;
-- Files of one ingest may be written in different ways: each file keeps its own, and so does each unit,
-- which is read without its files.
update sluice.files
set shape = shape - 'dialect'
  || jsonb_build_object('reading', shape -> 'dialect' || '{"kind": "csv"}')
where shape ? 'dialect';
update sluice.units
set unit = unit - 'dialect'
  || jsonb_build_object('reading', unit -> 'dialect' || '{"kind": "csv"}')
where unit ? 'dialect';
