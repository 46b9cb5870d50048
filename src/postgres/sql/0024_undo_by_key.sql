-- Modes that find rows by a key can be taken back too.

-- Each row is known by its key: the one that is kept has the `xmin` of its row, and rows that were changed
-- or deleted are kept as they were before.
alter table sluice.undos add column by_key boolean not null default false;
