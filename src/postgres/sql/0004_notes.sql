-- What an ingest guessed, left out or changed. A verb writes its notes in its own transaction; an
-- attempt that comes again writes the same ones, in the same rows.
create table sluice.notes (
  ingest_id text not null references sluice.ingests on delete cascade,
  code text not null,
  -- What it is about, a column or a file; empty when it is about the whole ingest.
  subject text not null,
  message text not null,
  hint text,
  file text,
  line bigint,
  column_name text,
  -- The first value that led to it.
  value text,
  count bigint,
  note_no bigint generated always as identity,
  primary key (ingest_id, code, subject)
);
