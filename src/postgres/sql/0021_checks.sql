-- What came of the checks of an ingest (`expect` in the spec). Publish writes them in its transaction; one
-- that publishes nothing because of a check commits them all the same.
create table sluice.checks (
  ingest_id text not null references sluice.ingests on delete cascade,
  check_no integer not null,
  -- The check as the command line writes it.
  name text not null,
  severity text not null check (severity in ('fail', 'warn')),
  passed boolean not null,
  -- Rows that do not meet it; null when it is not about single rows.
  rows_failed bigint,
  -- What was found, with the first places; null when it passed.
  message text,
  checked_at timestamptz not null default clock_timestamp(),
  primary key (ingest_id, check_no)
);
-- A check of the row count asks for the last ingest into the same table.
create index on sluice.ingests (target, published_at desc) where published_at is not null;
