-- Dirty rows: those that were there already, those that break a constraint, those that are loaded
-- after all, and those that kill whoever loads them.

-- Rows that were in the target already, where the spec says `unique: skip`.
alter table sluice.ingests add column rows_skipped bigint;
alter table sluice.units add column rows_skipped bigint not null default 0;
alter table sluice.units drop constraint units_check;
alter table sluice.units add constraint units_check
  check (rows_read = rows_loaded + rows_rejected + rows_skipped);

-- The landing table numbers its rows, so that one that breaks a constraint leads back to its record.
alter table sluice.ingests add column traced boolean not null default false;

-- Attempts after the first that began and have not ended: their workers died, or they run.
alter table sluice.units add column begun integer not null default 0;
-- A piece of a unit that killed workers: the next death is enough to cut it again.
alter table sluice.units add column suspect boolean not null default false;

alter table sluice.rejects add column constraint_name text;
-- A reject that was loaded after all, and what did it: it is none of rows_rejected any more.
alter table sluice.rejects add column loaded_at timestamptz;
alter table sluice.rejects add column retry_id text;

-- Within an archive: the member that this file is.
alter table sluice.files add column member text;
-- Of the staged bytes, as zlib counts it. sha256, which costs more, is there where steps ask for it.
alter table sluice.files add column crc32 bigint;
