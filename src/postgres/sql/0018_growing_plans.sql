-- Plans that grow: units are added, and loaded, while other files are still being staged.

alter table sluice.ingests
  -- How far such a plan has come: {"files": 2, "sizeBytes": 134217728}. Null before there is
  -- one, and once the plan is complete.
  add column growing jsonb,
  -- How often the landing table was made anew, because what was staged later has other types.
  add column remade integer not null default 0;
