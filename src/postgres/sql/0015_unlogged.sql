-- Landing tables without a log. PostgreSQL empties all unlogged tables together, when it has crashed
-- or when a standby takes over: then the landing table is empty, and so is this table.

-- The landing table has no log, and had a row in sluice.unlogged_landings since the plan.
alter table sluice.ingests add column unlogged boolean not null default false;

create unlogged table sluice.unlogged_landings (
  ingest_id text primary key references sluice.ingests on delete cascade
);
