-- Taking an ingest back: which rows of the target are its own, and what became of them.

alter table sluice.ingests drop constraint ingests_state_check;
alter table sluice.ingests add constraint ingests_state_check
  check (state in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled', 'undone'));
-- How many ingests of this id were taken back before this one: see sluice.undone.
alter table sluice.ingests add column undone_before integer not null default 0;

-- One row for each ingest that can be taken back. Nothing updates it after its transaction.
create table sluice.undos (
  ingest_id text primary key references sluice.ingests on delete cascade,
  -- The target when its rows were published, and the file that it lay in.
  target_oid bigint not null,
  filenode bigint,
  -- The ingest made the table.
  made boolean not null,
  -- The columns of its primary key; null where its rows are not listed by key.
  keys text[],
  -- What `xmin` of this very row was. A ledger that was restored from a dump has another one there.
  guard bigint not null,
  -- The newest transaction at that time, in 64 bits.
  newest_xid bigint not null,
  keep_until timestamptz not null
);

-- The transactions that wrote rows of an ingest into its target. Where `xid` is null it is that which
-- wrote this very row, its `xmin`: subtransactions can be asked for their number in no other way.
create table sluice.undo_xids (
  ingest_id text not null references sluice.ingests on delete cascade,
  xid bigint
);
create index on sluice.undo_xids (ingest_id);

-- One row for each ingest that was taken back. It outlives the ingest, whose id may be used again.
create table sluice.undone (
  ingest_id text not null,
  undone_at timestamptz not null,
  target text not null,
  -- What the ingest had loaded.
  rows_loaded bigint not null,
  -- Rows that it replaced, changed or deleted, and that were kept for this.
  rows_before bigint not null,
  rows_removed bigint not null,
  rows_restored bigint not null,
  rows_kept bigint not null,
  -- The first of the rows that were kept: [{key, why}].
  kept jsonb not null,
  -- The ingest had made the table, and no other row was in it.
  table_dropped boolean not null,
  worker text not null,
  attempt integer not null,
  primary key (ingest_id, undone_at),
  check (rows_loaded + rows_before = rows_removed + rows_restored + rows_kept)
);
