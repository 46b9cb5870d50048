-- Workers, the commands that are given to them, and the steps that users add.

-- An ingest with steps needs no table.
alter table sluice.ingests alter column target drop not null;
-- The task queue of its workflow, and the routes that decided on it and on the queues to come.
alter table sluice.ingests add column queue text;
alter table sluice.ingests add column routes jsonb;
alter table sluice.ingests drop constraint ingests_phase_check;
alter table sluice.ingests add constraint ingests_phase_check
  check (phase in ('list', 'stage', 'step', 'plan', 'load', 'publish', 'sweep'));

-- What a step made of the file, if any did: its name in the stage.
alter table sluice.files add column staged_as text;

-- When the attempt that wrote the receipt began.
alter table sluice.units add column started_at timestamptz;

-- One row for each process that works, or did within the last day.
create table sluice.workers (
  instance uuid primary key,
  -- The Temporal identity.
  worker text not null,
  host text not null,
  pid integer not null,
  version text not null,
  app text,
  steps text[] not null default '{}',
  started_at timestamptz not null default now(),
  -- A worker that lives says so every second or two.
  seen_at timestamptz not null default now(),
  -- Set when it left in order; a worker that was killed just falls silent.
  stopped_at timestamptz,
  state text not null check (state in ('running', 'drained', 'stopping')),
  -- [{queue, concurrency, running, shared}]
  queues jsonb not null,
  -- What it has in hand: [{task, activity, ingestId, what, queue, attempt, startedAt, progress}]
  tasks jsonb not null,
  -- Since it started, by activity: {activity: {succeeded, failed, retried, cancelled, seconds}}
  totals jsonb not null,
  rss_bytes bigint not null,
  -- In cores, since the row was written last.
  cpu real not null
);

-- A command reaches one worker, once: it is taken before it is obeyed.
create table sluice.commands (
  command_id bigint generated always as identity primary key,
  instance uuid not null references sluice.workers on delete cascade,
  command jsonb not null,
  asked_at timestamptz not null default now(),
  -- After this the worker does not take it any more.
  void_at timestamptz not null,
  taken_at timestamptz,
  answered_at timestamptz,
  -- {done, message}
  answer jsonb
);
create index on sluice.commands (instance) where taken_at is null;

-- What apps say of their steps; it stays when their workers are gone.
create table sluice.step_definitions (
  step text primary key,
  -- Null: the queue of the ingest.
  queue text,
  -- {timeoutMs, softMs, retry}
  definition jsonb not null,
  app text not null,
  defined_at timestamptz not null default now()
);

-- A step of a file, from its first failure or its end on.
create table sluice.steps (
  ingest_id text not null references sluice.ingests on delete cascade,
  file_no integer not null,
  step_no integer not null,
  step text not null,
  worker text not null,
  attempt integer not null,
  -- Attempts that threw.
  failures integer not null default 0,
  -- Attempts that began, without the very first.
  begun integer not null default 0,
  error text,
  result jsonb,
  started_at timestamptz not null,
  -- Null as long as it has not succeeded.
  finished_at timestamptz,
  primary key (ingest_id, file_no, step_no)
);

-- What holds for all workers, and can be changed while they run.
create table sluice.settings (
  name text primary key,
  value jsonb not null,
  set_at timestamptz not null default now()
);
