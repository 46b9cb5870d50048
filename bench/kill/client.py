"""Gives Celery the slices of a file, and waits until nothing more will come.

    python client.py flush
    python client.py ready WORKER
    python client.py load TABLE SLICE...

`flush` empties Redis. `ready` waits for a worker of that name. `load` ends when every task is done,
or when those that are not are nowhere any more: not in the queue, not taken ahead, not at work. It
prints how many were done as one line of JSON.
"""

import json
import signal
import sys
import time

from tasks import app, copy_slice

WAIT_SECONDS = 60
LOOK_SECONDS = 0.02


def flush():
    with app.connection_for_read() as connection:
        connection.default_channel.client.flushall()
    return {}


def ready(worker):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        answers = app.control.ping(timeout=0.5, limit=1, destination=[worker])
        if answers:
            return {"worker": worker}
    sys.exit(f"The Celery worker {worker} is not there after {WAIT_SECONDS} s.")


def load(table, *slices):
    left = [copy_slice.delay(table, path) for path in slices]
    idle = 0
    looked = time.monotonic()
    with app.connection_for_read() as connection:
        redis = connection.default_channel.client
        while left and idle < 2:
            time.sleep(LOOK_SECONDS)
            left = [result for result in left if not done(result)]
            if time.monotonic() - looked > 1:
                idle = idle + 1 if left and nowhere(redis) else 0
                looked = time.monotonic()
    return {"done": len(slices) - len(left), "lost": len(left)}


def done(result):
    if result.ready():
        result.get()
        return True
    return False


def nowhere(redis):
    if redis.llen("celery") or redis.hlen("unacked"):
        return False
    active = app.control.inspect(timeout=1, limit=1).active()
    # Without an answer there is no worker: it is being started.
    return bool(active) and not any(active.values())


MEASURES = {"flush": flush, "ready": ready, "load": load}

if __name__ == "__main__":
    # It ends at once when the bench does: as an exception it would be lost in a retry.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    name, *words = sys.argv[1:]
    print(json.dumps(MEASURES[name](*words)))
