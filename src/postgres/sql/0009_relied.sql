-- What the plan relies on of a target that exists: {oid, kind, columns}, compared by load and publish.
-- Null when the table did not exist. `replacedBy` is the table that publish put in its place.
alter table sluice.ingests add column relied jsonb;
