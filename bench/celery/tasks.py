"""The tasks that the bench gives to Celery, on an app with Celery's defaults.

Only the addresses are set: so a task is acknowledged before it runs (`acks_late` is off), a worker
takes four tasks ahead for each of its processes, and results are kept in Redis for a day.
"""

import os
import time

from celery import Celery

REDIS = os.environ["BENCH_REDIS"]

app = Celery("bench", broker=f"{REDIS}/0", backend=f"{REDIS}/1")


@app.task
def empty():
    """Does nothing: what is measured is all that is around a task."""


@app.task
def pause(seconds):
    """Waits, as a task does that calls somebody else."""
    time.sleep(seconds)
