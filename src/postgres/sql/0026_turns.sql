-- Rows that go straight into the target, and ingests that replace it meanwhile: who came first.

-- A unit and a replacement take a number while they hold the lock on the target, so that its order is
-- that in which they committed; clocks are not.
create sequence sluice.turns;

-- Null for a unit whose rows do not go straight into the target.
alter table sluice.units add column turn bigint;
-- Null for an ingest that did not replace its target.
alter table sluice.ingests add column turn bigint;
create index on sluice.ingests (target, turn) where turn is not null;
