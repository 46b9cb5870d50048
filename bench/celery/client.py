"""Measures a running Celery from outside, and prints what it found as one line of JSON.

    python client.py ready WORKERS
    python client.py latency COUNT FIRST
    python client.py rate COUNT PAUSE_MS

`ready` waits for so many workers. `latency` submits empty tasks one after the other, each when the
one before is done; the first ones are not counted. `rate` submits all tasks at once, empty ones or
such as wait for PAUSE_MS, and stops the clock when the last result is there.

Of the ways to submit many (a group, a ResultSet, one by one) one by one is the fastest.
"""

import json
import signal
import sys
import time

from tasks import app, empty, pause

WAIT_SECONDS = 60


def ready(workers):
    deadline = time.monotonic() + WAIT_SECONDS
    names = []
    while time.monotonic() < deadline:
        names = [name for answer in app.control.ping(timeout=0.5, limit=workers) for name in answer]
        if len(names) >= workers:
            return {"workers": names}
    sys.exit(f"{len(names)} of {workers} Celery workers are there after {WAIT_SECONDS} s.")


def latency(count, first):
    took_ms = []
    for _ in range(first + count):
        start = time.perf_counter()
        empty.delay().get(timeout=WAIT_SECONDS)
        took_ms.append((time.perf_counter() - start) * 1000)
    return {"tookMs": took_ms[first:]}


def rate(count, pause_ms):
    def submit():
        return pause.delay(pause_ms / 1000) if pause_ms else empty.delay()

    start = time.perf_counter()
    results = [submit() for _ in range(count)]
    submitted = time.perf_counter()
    for result in results:
        result.get(timeout=count * pause_ms / 1000 + WAIT_SECONDS)
    end = time.perf_counter()
    return {"seconds": end - start, "submitSeconds": submitted - start}


MEASURES = {"ready": ready, "latency": latency, "rate": rate}

if __name__ == "__main__":
    # It ends at once when the bench does: as an exception it would be lost in a retry.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    name, *numbers = sys.argv[1:]
    print(json.dumps(MEASURES[name](*map(int, numbers))))
