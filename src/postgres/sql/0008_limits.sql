-- Time limits of the verbs, of the spec and of the settings file of the API that took it in: with
-- them an ingest can be started by somebody else than that API.
alter table sluice.ingests add column limits jsonb;
