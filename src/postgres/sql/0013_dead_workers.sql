-- How the others notice that a worker has died, and what they give to somebody else then.

-- Its own session, which ends with its process; null behind a pooler, whose sessions are no one's.
alter table sluice.workers add column backend_pid integer;
alter table sluice.workers add column backend_start timestamptz;
-- The whole Temporal tokens of what it has in hand, in the order of `tasks`.
alter table sluice.workers add column tokens text[] not null default '{}';
-- Since when another worker takes it for dead. Null again when it speaks after all.
alter table sluice.workers add column dead_at timestamptz;
-- {at, by, cause, silentMs, handedOn: [task]}: how that was found the last time.
alter table sluice.workers add column death jsonb;
