-- What becomes of a record that was read: it is loaded, a reject, skipped, filtered or superseded.

-- Rows that the spec leaves out by a condition.
alter table sluice.units add column rows_filtered bigint not null default 0;
alter table sluice.ingests add column rows_filtered bigint;
-- Rows that another one with the same key has taken the place of.
alter table sluice.units add column rows_superseded bigint not null default 0;
alter table sluice.ingests add column rows_superseded bigint;
alter table sluice.units drop constraint units_check;
alter table sluice.units add constraint units_check check (
  rows_read = rows_loaded + rows_rejected + rows_skipped + rows_filtered + rows_superseded
);

-- What publish did to the rows of the target. Null for modes that only add rows, or replace all.
alter table sluice.ingests add column rows_inserted bigint;
alter table sluice.ingests add column rows_updated bigint;
alter table sluice.ingests add column rows_unchanged bigint;
alter table sluice.ingests add column rows_deleted bigint;
