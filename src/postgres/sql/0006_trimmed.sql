-- Text that `ragged: trim` or `fit` dropped from the rows of a unit: {rows, fields: {"4": rows}}, by the
-- number of the field. Null where there is none.
alter table sluice.units add column trimmed jsonb;
