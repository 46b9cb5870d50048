"""Appends a CSV file to a table with dlt: rows out of `csv.DictReader`, with the types given.

    python load_dlt.py CSV DATASET TABLE COLUMN:TYPE...

Run again after a kill, dlt finds in its folder what it had extracted, and goes on with that.
"""

import csv
import os
import sys
from itertools import islice

import dlt

PAGE_ROWS = 5000
path, dataset, table, *columns = sys.argv[1:]


def pages():
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        while page := list(islice(reader, PAGE_ROWS)):
            for row in page:
                for name, value in row.items():
                    if value == "":
                        row[name] = None
            yield page


types = {name: {"data_type": kind} for name, kind in (each.split(":") for each in columns)}
pipeline = dlt.pipeline(
    pipeline_name=dataset,
    pipelines_dir=os.environ["BENCH_FOLDER"],
    destination=dlt.destinations.postgres(os.environ["BENCH_POSTGRES"]),
    dataset_name=dataset,
)
resource = dlt.resource(pages, name=table, write_disposition="append", columns=types)
pipeline.run(resource)
