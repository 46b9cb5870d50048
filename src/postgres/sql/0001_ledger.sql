-- The ledger. Its columns are an interface for people: documented in docs/ledger.md, migrated
-- forward only, never renamed in passing.

create schema if not exists sluice;

create table sluice.ingests (
  ingest_id text primary key,
  spec jsonb not null,
  target text not null,
  source_kind text not null,
  state text not null default 'queued'
    check (state in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  phase text check (phase in ('list', 'stage', 'plan', 'load', 'publish', 'sweep')),
  -- How the files are read, decided on the first one that is not empty.
  dialect jsonb,
  -- [{name, type}] of the landing table, decided by plan.
  columns jsonb,
  -- The landing table, as SQL names it; the target itself when the ingest is not atomic.
  landing text,
  files integer,
  units integer,
  size_bytes bigint,
  -- Set by publish, from the receipts.
  rows_read bigint,
  rows_loaded bigint,
  rows_rejected bigint,
  error jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  published_at timestamptz,
  ended_at timestamptz
);
create index on sluice.ingests (created_at desc, ingest_id);

create table sluice.files (
  ingest_id text not null references sluice.ingests on delete cascade,
  file_no integer not null,
  lot_no integer not null,
  name text not null,
  size_bytes bigint not null,
  -- What must not change before the file is staged.
  version text not null,
  sha256 text,
  -- The stage holds a link to the file instead of a copy.
  pinned boolean,
  -- Inode and mtime of what lies in the stage: they must stay the same.
  staged_version text,
  -- Dialect, header, cuts and flaws: what staging learned.
  shape jsonb,
  staged_at timestamptz,
  primary key (ingest_id, file_no)
);
create index on sluice.files (ingest_id, lot_no);

create table sluice.units (
  ingest_id text not null references sluice.ingests on delete cascade,
  unit_no integer not null,
  -- Splits, flaws, columns and dialect.
  unit jsonb not null,
  size_bytes bigint not null,
  records bigint not null,
  -- The receipt: null until the transaction that loaded the rows has committed.
  rows_read bigint,
  rows_loaded bigint,
  rows_rejected bigint,
  lane text check (lane in ('fast', 'repair')),
  worker text,
  attempt integer,
  loaded_at timestamptz,
  primary key (ingest_id, unit_no),
  check (rows_read = rows_loaded + rows_rejected)
);

create table sluice.rejects (
  ingest_id text not null references sluice.ingests on delete cascade,
  unit_no integer not null,
  file_no integer not null,
  file text not null,
  line bigint not null,
  column_name text,
  code text not null,
  error text not null,
  -- The record as text. Bytes that are no UTF-8 text are shown as U+FFFD; raw_bytes has them.
  raw text not null,
  raw_bytes bytea,
  primary key (ingest_id, file_no, line)
);
