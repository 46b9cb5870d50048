-- A spec that names no queue says null, no longer `ingest`: a queue that is named wins over the routes, so
-- the two are different specs. Of specs from before nobody knows which it was; nearly all of them named none.
update sluice.ingests set spec = jsonb_set(spec, '{queue}', 'null') where spec ->> 'queue' = 'ingest';
