-- Numbers pauses and resumes, so that the last one counts in whatever order they arrive.
create sequence sluice.steers;
