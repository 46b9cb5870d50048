-- Ingests with several targets. Each target has an ingest of its own, which is a part of that one.

alter table sluice.ingests
  -- The ingest that this one is a part of, and which of its targets it is for, from 1.
  add column part_of text references sluice.ingests on delete cascade,
  add column target_no integer,
  -- The glob of the files that go to the target.
  add column match text,
  add check ((part_of is null) = (target_no is null) and (part_of is null) = (match is null));

create unique index on sluice.ingests (part_of, target_no) where part_of is not null;
