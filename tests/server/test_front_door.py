"""What the service refuses to read (law S6)."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import pytest

pytestmark = pytest.mark.law("S6")

SPECS = "/cell_specifications"
LARGE = b'{"name": "' + b"x" * (10 * 2**20) + b'"}'
DEEP = b'{"name": "a", "source": ' + b'{"a":' * 70 + b"1" + b"}" * 71
QUANTITY = b'{"name": "a", "ratings": {"capacity": {"value": %s, "unit": "A*h"}}}'

REFUSED = {
    "NaN": (QUANTITY % b"NaN", 422, "ratings.capacity.value"),
    "Infinity": (QUANTITY % b"Infinity", 422, "ratings.capacity.value"),
    "minus infinity": (QUANTITY % b"-Infinity", 422, "ratings.capacity.value"),
    "overflow": (QUANTITY % b"1e400", 422, "ratings.capacity.value"),
    "65 bits": (QUANTITY % b"9223372036854775808", 422, "ratings.capacity.value"),
    "65 bits below zero": (QUANTITY % b"-9223372036854775809", 422, "ratings.capacity.value"),
    "5,000 digits": (QUANTITY % (b"9" * 5000), 422, "ratings.capacity.value"),
    "half a pair": (b'{"name": "a\\ud800b"}', 422, "name"),
    "half a pair as a key": (b'{"name": "a", "source": {"\\udc00": 1}}', 422, "source."),
    "half a pair, raw": (b'{"name": "a\xed\xa0\x80"}', 400, "UTF-8"),
    "U+0000": (b'{"name": "a\\u0000"}', 422, "name"),
    "U+0000, raw": (b'{"name": "a\x00"}', 400, "line 1"),
    "no UTF-8": (b'{"name": "\xff"}', 400, "UTF-8"),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), 400, "UTF-8"),
    "twice the same key": (b'{"name": "a", "name": "b"}', 422, "name"),
    "twice, below": (b'{"name": "a", "source": {"doi": "1", "doi": "1"}}', 422, "source.doi"),
    "too deep": (DEEP, 422, "64 deep"),
    "much too deep": (b'{"source":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "deep"),
    "too large": (LARGE, 413, "10 MiB"),
    "too many values": (b'{"source":[' + b"{}," * 200_000 + b"1]}", 413, "values"),
    "text too long": (b'{"name": "a", "notes": "%s"}' % (b"x" * 70_000), 422, "notes"),
    "unknown field": (b'{"name": "a", "colour": "red"}', 422, "colour"),
    "read-only id": (b'{"name": "a", "id": "x"}', 422, "id"),
    "read-only time": (b'{"name": "a", "created_at": "x"}', 422, "created_at"),
    "read-only version": (b'{"name": "a", "version": 1}', 422, "version"),
    "name missing": (b'{"notes": "x"}', 422, "name: field required"),
    "name null": (b'{"name": null}', 422, "name"),
    "name empty": (b'{"name": ""}', 422, "name"),
    "name of 300": (b'{"name": "%s"}' % (b"x" * 300), 422, "name"),
    "name with a line break": (b'{"name": "a\\nb"}', 422, "name"),
    "name of a blank": (b'{"name": " "}', 422, "name: a name holds more than blanks"),
    "name that ends a line": ('{"name": "a\u2028b"}'.encode(), 422, "name: a name holds no"),
    "name that turns": ('{"name": "gnp\u202e.exe"}'.encode(), 422, "name: a name holds no"),
    "name a number": (b'{"name": 5}', 422, "name"),
    "no body": (b"", 422, "body"),
    "a list": (b"[]", 422, "body"),
    "a text": (b'"name"', 422, "body"),
    "cut off": (b'{"name": "a"', 400, "line 1"),
    "two values": (b'{"name": "a"} {}', 400, "line 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_door_refuses_and_says_where(call, case):
    body, status, said = REFUSED[case]
    answer = call("POST", SPECS, body)
    assert answer.status == status
    assert said in answer.message
    assert set(answer.body) == {"error_code", "message", "detail"}
    assert call("GET", SPECS).body["total"] == 0


HEADERS = {
    "text": ({"content_type": "text/plain"}, 415),
    "form": ({"content_type": "application/x-www-form-urlencoded"}, 415),
    "no type": ({"content_type": None}, 415),
    "merge patch": ({"content_type": "application/merge-patch+json"}, 415),
    "latin-1": ({"content_type": "application/json; charset=latin-1"}, 415),
    "unheard of": ({"content_type": "application/json; charset=klingon"}, 415),
    "brotli": ({"content_encoding": "br"}, 415),
    "gzip twice": ({"content_encoding": "gzip, gzip"}, 415),
    "gzip that is none": ({"content_encoding": "gzip"}, 400),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_body_must_be_what_its_headers_say(call, case):
    headers, status = HEADERS[case]
    answer = call("POST", SPECS, b'{"name": "a"}', **headers)
    assert answer.status == status
    assert answer.body["error_code"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_may_be_named(call, charset):
    headers = {"content_type": f"application/json; charset={charset}"}
    assert call("POST", SPECS, '{"name": "µ"}'.encode(), **headers).status == 201


def test_a_gzipped_body_is_read(call):
    body = gzip.compress(b'{"name": "a"}') + gzip.compress(b"  ")
    assert call("POST", SPECS, body, content_encoding="gzip").body["name"] == "a"


def test_a_gzipped_body_must_be_whole(call):
    answer = call("POST", SPECS, gzip.compress(b'{"name": "a"}')[:-4], content_encoding="gzip")
    assert (answer.status, answer.message) == (400, "The gzip body ends too early.")


@pytest.mark.law("X6")
def test_a_gzip_bomb_is_not_inflated(call):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(120)) + packer.flush()
    tracemalloc.start()
    answer = call("POST", SPECS, bomb, content_encoding="gzip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status == 413
    assert peak < 64 * 2**20


CROWD = b"{%s}" % b",".join(b'"k%d":NaN' % number for number in range(100_000))
GREEDY = {
    "too many values": REFUSED["too many values"][0],
    "too large": LARGE,
    "much too deep": REFUSED["much too deep"][0],
    "many faults": CROWD,
    "many unknown fields": CROWD.replace(b"NaN", b"1"),
    "many unknown fields of a part": b'{"anode":%s}' % CROWD.replace(b"NaN", b"1"),
    "many numbers": b'{"ratings":%s}' % CROWD.replace(b"NaN", b"1"),
    "a wide text": LARGE[: 9 * 2**20] + "😀".encode() + b'"}',
    "a deep crowd": b'{"source":'
    + b'{"a":' * 60
    + b"["
    + b'{"b":"x"},' * 100_000
    + b"1]"
    + b"}" * 61,
}


@pytest.mark.parametrize("case", GREEDY)
def test_a_greedy_body_takes_little_memory(call, case):
    tracemalloc.start()
    assert call("POST", SPECS, GREEDY[case]).status >= 400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


NO_QUANTITY = {
    "number": (3.2, "mass: a number needs a unit"),
    "flag": (True, "mass: a number needs a unit"),
    "null": (None, "mass: a number needs a unit"),
    "list": ([1], "mass: a number needs a unit"),
    "no unit": ({"value": 1}, "mass.unit"),
    "no value": ({"unit": "g"}, "mass.value"),
    "text value": ({"value": "1", "unit": "g"}, "mass.value"),
    "flag value": ({"value": True, "unit": "g"}, "mass.value"),
    "null value": ({"value": None, "unit": "g"}, "mass.value"),
    "unit a number": ({"value": 1, "unit": 1}, "mass.unit"),
    "neither": ({"amount": 1}, "mass: a quantity"),
}


@pytest.mark.parametrize("case", NO_QUANTITY)
def test_a_number_needs_a_unit(call, cells_path, case):
    value, said = NO_QUANTITY[case]
    answer = call(
        "POST", cells_path, {"name": "c", "measured_properties": {"cell": {"mass": value}}}
    )
    assert answer.status == 422
    assert f"measured_properties.cell.{said}" in answer.message
    assert answer.body["detail"][0]["loc"][:4] == ["body", "measured_properties", "cell", "mass"]


def test_every_fault_is_named_at_once(call, cells_path):
    body = {"colour": 1, "notes": 2, "measured_properties": {"mass": 3, "cell": {"ocv": 4}}}
    answer = call("POST", cells_path, body)
    named = {".".join(item["loc"][1:]) for item in answer.body["detail"]}
    assert named == {
        "name",
        "colour",
        "notes",
        "measured_properties.mass",
        "measured_properties.cell.ocv",
    }


def test_what_was_sent_is_not_echoed_at_length(call):
    answer = call("POST", SPECS, {"name": "a", "colour": ["x" * 1000] * 1000})
    assert answer.status == 422
    assert len(answer.content) < 2000


def test_quantities_are_kept_to_the_letter(call, cells_path):
    sent = {
        "cell": {"mass": {"value": 41, "unit": "g", "by": {"balance": 3}}, "grade": "A"},
        "anode": {"loading": {"value": 5.0, "unit": "mg.cm-2"}},
        "tab": {"value": -0.0, "unit": "mm"},
        "colour": "blue",
    }
    found = call("GET", f"/cell_instances/{call.made(cells_path, _cell(sent))['id']}")
    assert json.dumps(found.body["measured_properties"]) == json.dumps(sent)


def _cell(properties):
    return {"name": "c", "measured_properties": properties}
