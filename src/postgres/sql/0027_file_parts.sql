-- A large file is staged in parts, one behind the other, and loaded meanwhile.

-- [{start, stagedAs, sizeBytes, version}]: where its bytes lie in the stage. Null for a file that was
-- staged as a whole. With parts and without `staged_at` the rest of it is still to come.
alter table sluice.files add column parts jsonb;
