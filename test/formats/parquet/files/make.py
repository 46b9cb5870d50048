"""Writes the files of this folder: pip install pyarrow, then python3 make.py."""

import datetime as dt
import decimal
import os

import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
n = 6
moment = dt.datetime(2024, 1, 31, 12, 34, 56, 123456)
amount = decimal.Decimal("12345678901234567890123456789.123456789")


def column(values, type):
    return pa.array((values * n)[:n], type)


pq.write_table(
    pa.table(
        {
            "id": pa.array(range(n), pa.int64()),
            "tiny": column([-128, 127], pa.int8()),
            "u32": column([2**32 - 1], pa.uint32()),
            "u64": column([2**64 - 1], pa.uint64()),
            "amount": column([amount, -amount, None], pa.decimal128(38, 9)),
            "score": column([0.1, float("nan"), float("inf"), -0.0, 1e300, None], pa.float64()),
            "ratio": column([0.1], pa.float32()),
            "half": column([1.5], pa.float16()),
            "note": column(["a\tb\\c\nd\r\"e\"'é😀", "", None, "\\N", " x ", "\x01"], pa.string()),
            "bytes": column([b"\xaa\x00\xff", b"", None], pa.binary()),
            "fixed": column([b"abcd"], pa.binary(4)),
            "day": column([dt.date(2024, 1, 31), dt.date(1, 1, 1)], pa.date32()),
            "at": column([moment], pa.timestamp("us")),
            "at_utc": column([moment], pa.timestamp("us", tz="UTC")),
            "at_ms": column([1706704496123], pa.timestamp("ms")),
            "at_ns": column([1706704496123456000], pa.timestamp("ns")),
            "fine": column([1706704496123456789, 1706704496123456000], pa.timestamp("ns")),
            "fine_utc": column([1706704496123456789], pa.timestamp("ns", tz="UTC")),
            "time": column([dt.time(1, 2, 3, 456789)], pa.time64("us")),
            "active": column([True, False, None], pa.bool_()),
            "tags": column([["a", 'b"c', None], [], None], pa.list_(pa.string())),
            "point": column([{"x": 1.5, "big": 2**53 + 1}], pa.struct([("x", pa.float64()), ("big", pa.int64())])),
            "pairs": column([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "word": column(["x", "y"], pa.string()).dictionary_encode(),
            "nothing": pa.nulls(n),
        }
    ),
    "pyarrow.parquet",
    row_group_size=4,
)
pq.write_table(
    pa.table({"t": pa.array([moment, dt.datetime(1500, 1, 1)], pa.timestamp("us")), "A": [1, 2], "a": [3, 4], "": [5, 6]}),
    "int96.parquet",
    use_deprecated_int96_timestamps=True,
)
