"""A COPY task for Celery, as many write it: one slice of a file, one transaction.

BENCH_ACKS_LATE is 0 for Celery's defaults, and 1 for `acks_late` with `reject_on_worker_lost`.
BENCH_VISIBILITY is the visibility timeout in seconds: an hour by default, which is too long to wait.
"""

import os

import psycopg
from celery import Celery

REDIS = os.environ["BENCH_REDIS"]
POSTGRES = os.environ["BENCH_POSTGRES"]
LATE = os.environ["BENCH_ACKS_LATE"] == "1"

app = Celery("kill", broker=f"{REDIS}/0", backend=f"{REDIS}/1")
app.conf.broker_transport_options = {"visibility_timeout": int(os.environ["BENCH_VISIBILITY"])}
app.conf.task_acks_late = LATE
app.conf.task_reject_on_worker_lost = LATE


@app.task
def copy_slice(table, path):
    with psycopg.connect(POSTGRES) as connection, open(path, "rb") as file:
        with connection.cursor().copy(f"copy {table} from stdin with (format csv)") as copy:
            while data := file.read(1 << 18):
                copy.write(data)
