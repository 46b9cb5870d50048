-- Dirty rows: those that were there already, those that break a constraint, those that are loaded
-- after all, and those that kill whoever loads them.

-- Rows that were in the target already, where the spec says `unique: skip`.
alter table sluice.ingests add column rows_skipped bigint;
alter table sluice.units add column rows_skipped bigint not null default 0;
alter table sluice.units drop constraint units_check;
alter table sluice.units add constraint units_check
  check (rows_read = rows_loaded + rows_rejected + rows_skipped);

-- The landing table numbers its rows, so that one that breaks a constraint leads back to its record:
-- the unit in the high bits, then the order within it.
alter table sluice.ingests add column traced boolean not null default false;
-- It is not immutable, but the same within each COPY, which so asks for it once, not for every row.
create function sluice.unit_base() returns bigint language sql immutable parallel safe
  as $$ select current_setting('sluice.unit', true)::bigint << 40 $$;

-- A part of a unit that killed workers: the next death is enough to split it again.
alter table sluice.units add column suspect boolean not null default false;
-- How many units were added when this one was split.
alter table sluice.units add column parts integer not null default 0;

-- Attempts at a unit, from the second on, that have begun and not ended in order: each one still
-- runs, or its worker died with it.
create table sluice.attempts (
  attempt_id bigint generated always as identity primary key,
  ingest_id text not null references sluice.ingests on delete cascade,
  unit_no integer not null,
  attempt integer not null,
  -- The process: see sluice.workers.
  instance uuid not null,
  worker text not null,
  -- The process had nothing else in hand.
  alone boolean not null,
  began_at timestamptz not null default clock_timestamp(),
  -- When a later attempt found it left.
  missed_at timestamptz
);
create index on sluice.attempts (ingest_id, unit_no);

-- Names this ledger where several share a Temporal namespace or a stage.
insert into sluice.settings (name, value) values ('ledger', to_jsonb(gen_random_uuid()::text));

alter table sluice.rejects add column constraint_name text;
-- A reject that was loaded after all is none of rows_rejected any more; and what tried it last.
alter table sluice.rejects add column loaded_at timestamptz;
alter table sluice.rejects add column retry_id text;
-- Of rows_rejected: those that publish loads again, once their column has a wider type.
alter table sluice.units add column rows_to_reload bigint not null default 0;

-- One row for each time that rejects were loaded again: it commits with the rows.
create table sluice.retries (
  ingest_id text not null references sluice.ingests on delete cascade,
  retry_id text not null,
  -- The upload with the corrected rows; null when the rejects were tried as they were.
  upload text,
  rows_tried bigint not null,
  rows_loaded bigint not null,
  rows_rejected bigint not null,
  -- Rejects of the ingest that are still open.
  rows_open bigint not null,
  worker text not null,
  attempt integer not null,
  started_at timestamptz not null,
  loaded_at timestamptz not null,
  primary key (ingest_id, retry_id),
  check (rows_tried = rows_loaded + rows_rejected)
);

-- Within an archive: the member that this file is.
alter table sluice.files add column member text;
-- Of a copy's bytes, as zlib counts it. sha256, which costs more, is there where steps ask for it.
alter table sluice.files add column crc32 bigint;
