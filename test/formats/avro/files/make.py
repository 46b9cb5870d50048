"""Writes the Avro files of this folder: `python3 make.py`, with fastavro 1.13 (MIT)."""
import datetime
import decimal
import uuid

import fastavro

schema = {
    "type": "record", "name": "Every", "namespace": "sluice.test", "fields": [
        {"name": "id", "type": "long"},
        {"name": "small", "type": ["null", "int"], "default": None},
        {"name": "ratio", "type": "float"},
        {"name": "score", "type": ["double", "null"]},
        {"name": "note", "type": ["null", "string"]},
        {"name": "bytes", "type": "bytes"},
        {"name": "active", "type": "boolean"},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}},
        {"name": "whole", "type": {"type": "fixed", "size": 16, "name": "whole16", "logicalType": "decimal", "precision": 38}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "millis", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "micros", "type": {"type": "long", "logicalType": "time-micros"}},
        {"name": "at_millis", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "local", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "word", "type": {"type": "enum", "name": "Word", "symbols": ["x", "y"]}},
        {"name": "fixed", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "tags", "type": {"type": "array", "items": ["null", "string"]}},
        {"name": "pairs", "type": {"type": "map", "values": "long"}},
        {"name": "point", "type": {"type": "record", "name": "Point", "fields": [
            {"name": "x", "type": "double"}, {"name": "big", "type": "long"}]}},
        {"name": "either", "type": ["null", "int", "string"]},
        {"name": "like", "type": ["null", "string", "bytes"]},
        {"name": "number", "type": ["null", "long", "double"]},
        {"name": "nothing", "type": "null"},
    ],
}
utc = datetime.timezone.utc
notes = ["a\tb\\c\nd\r\"e\"'é😀", "", None, "\\N", " x ", "\x01"]
scores = [0.1, float("nan"), float("inf"), -0.0, 1e300, None]
ids = [0, 2**53 + 1, -(2**63), 2**63 - 1, -1, 64]


def row(i):
    return {
        "id": ids[i], "small": None if i % 2 else -i, "ratio": 0.1, "score": scores[i], "note": notes[i],
        "bytes": b"\xaa\x00\xff" if i else b"", "active": i % 2 == 0,
        "amount": decimal.Decimal("-12345678901234567890123456789.123456789" if i % 2 else "0.000000005"),
        "whole": decimal.Decimal("99999999999999999999999999999999999999" if i % 2 else "-5"),
        "day": datetime.date(2024, 1, 31) if i % 2 else datetime.date(1, 1, 1),
        "millis": datetime.time(1, 2, 3, 456000), "micros": datetime.time(23, 59, 59, 999999),
        "at_millis": datetime.datetime(2024, 1, 31, 12, 34, 56, 123000, tzinfo=utc),
        "at": datetime.datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=utc),
        "local": datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
        "key": uuid.UUID("12345678-1234-1234-1234-123456789abc"), "word": "y", "fixed": b"abcd",
        "tags": ["a", None, "b\"c\\"], "pairs": {"k": 2**53 + 1},
        "point": {"x": 1.5, "big": 2**63 - 1}, "either": [None, 5, "five"][i % 3],
        "like": [None, "t", b"t"][i % 3], "number": [None, 2**53 + 1, 1.5][i % 3], "nothing": None,
    }


for codec in ["null", "deflate", "snappy", "zstandard", "bzip2"]:
    with open(f"{codec}.avro", "wb") as out:
        # Blocks of one row or two.
        fastavro.writer(out, schema, map(row, range(6)), codec=codec, sync_interval=200, sync_marker=b"0123456789abcdef")
