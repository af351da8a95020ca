"""Law R8: an answer that was cut is an error, wherever it was cut."""

from __future__ import annotations

import gzip
import hashlib
from base64 import b64encode
from contextlib import suppress
from io import BytesIO

import polars as pl
import pytest

from cellframe.contract.wire import Request
from cellframe.errors import TransportError
from cellframe.transport import waits
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.replies import ask
from cellframe.transport.session import HttpWire

JSON = b'{"items": [{"id": "c-1", "name": "\xc3\xa9"}], "count": 1, "total": 1}'
KINDS = {"json": "application/json", "parquet": "application/vnd.apache.parquet"}
GET = Request("GET", "/x")


def parquet() -> bytes:
    file = BytesIO()
    pl.DataFrame({"Time [s]": [0.0, 1.0], "Voltage [V]": [3.2, 3.1]}).write_parquet(file)
    return file.getvalue()


def answer(kind: str, body: bytes, framing: str) -> bytes:
    """A whole answer as it stands on the line."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {KINDS[kind]}\r\n"
    if framing == "length":
        head += f"Content-Length: {len(body)}\r\n"
    if framing == "digest":
        head += f"Repr-Digest: sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:\r\n"
    if framing == "gzip":
        head, body = head + "Content-Encoding: gzip\r\n", gzip.compress(body)
    if framing == "chunks":
        head += "Transfer-Encoding: chunked\r\n"
        chunks = [body[start : start + 100] for start in range(0, len(body), 100)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return head.encode() + b"Connection: close\r\n\r\n" + body


def places(length: int, step: int) -> list[int]:
    """Where to cut: somewhere in every step, and everywhere near the end."""
    return sorted({*range(0, length, step), *range(max(0, length - 12), length)})


@pytest.fixture
def wire(stub, monkeypatch):
    monkeypatch.setattr(waits, "_RETRIES", 0)
    found = HttpWire(Policy(stub.url, Secret("k"), read_timeout=5.0, bulk_timeout=5.0))
    yield found
    found.close()


def read_json(wire, folder):
    return ask(wire, "GET", "/x")


def read_file(wire, folder):
    return wire.fetch(GET, folder).content


CASES = [("json", read_json, "length"), ("json", read_json, "chunks"), ("json", read_json, "none")]
CASES += [("json", read_json, "gzip")]
CASES += [("parquet", read_file, way) for way in ("length", "chunks", "none", "digest")]


def accepted(stub, wire, folder, case, step) -> list[int]:
    """Cuts after which something short was taken for the answer."""
    kind, read, framing = case
    stub.says = whole = answer(kind, JSON if kind == "json" else parquet(), framing)
    expected, found = read(wire, folder), []
    assert expected
    for place in places(len(whole), step):
        stub.says = whole[:place]
        # The end mark of chunks, or a checksum, may be all that is missing.
        with suppress(TransportError):
            found += [place] if read(wire, folder) != expected else []
    return found


@pytest.mark.law("R8")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}")
def test_no_cut_answer_is_taken_for_a_whole_one(stub, wire, tmp_path, case):
    assert accepted(stub, wire, tmp_path, case, 11) == []
    whole = parquet()
    assert all(path.read_bytes() == whole for path in tmp_path.iterdir())


@pytest.mark.nightly
@pytest.mark.law("R8")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}")
def test_no_cut_answer_is_taken_for_a_whole_one_at_any_byte(stub, wire, tmp_path, case):
    assert accepted(stub, wire, tmp_path, case, 1) == []


@pytest.mark.law("R8")
@pytest.mark.parametrize("place", range(0, 80, 3))
def test_a_redirect_that_was_cut_leads_to_no_file(stub, wire, tmp_path, place):
    whole = b"HTTP/1.1 303 See Other\r\nLocation: /storage/files/abcdefghijkl\r\nContent-Length: 0\r\n\r\n"
    stub.says = whole[:place]
    with pytest.raises(TransportError):
        wire.fetch(GET, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.law("R8")
def test_a_file_that_may_be_a_part_is_not_taken(stub, wire, tmp_path):
    stub.says = answer("json", b"any file of a test", "none")
    with pytest.raises(TransportError, match="without a length or a digest, so it may be a part"):
        wire.fetch(GET, tmp_path)


@pytest.mark.law("R8")
@pytest.mark.parametrize("name", ["Repr-Digest", "Content-Digest"])
def test_a_file_that_is_not_what_its_digest_says_is_removed(service, tmp_path, name):
    service.will(body=b"abc", **{name: f"sha-512=:AA==:, sha-256=:{'A' * 43}=:"})
    wire = HttpWire(Policy(service.url, Secret("k")))
    with pytest.raises(TransportError, match="not what its digest says"):
        wire.fetch(GET, tmp_path)
    wire.close()
    assert list(tmp_path.iterdir()) == []
