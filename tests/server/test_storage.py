"""The addresses of files: who may use them, for how long, and what they give."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from upload_tools import (
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    read_frame,
    staged,
    upload,
    upload_files,
)

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import ConfigError
from cellframe.server.files import ranges

HOUR = 3600 * 1_000_000


def digest_header(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(sha256(content).digest()).decode()}:"


@pytest.fixture
def made(call, cell_path):
    return upload(call, cell_path)


@pytest.fixture
def location(call, made):
    return call("GET", f"{path_of(made)}/time_series/download").headers["location"]


def test_a_download_sends_on_with_digest_and_tag(call, made):
    answer = call("GET", f"{path_of(made)}/time_series/download")
    assert answer.status == 303
    assert answer.headers["repr-digest"] == digest_header(parquet())
    assert answer.headers["etag"] == f'"{sha256(parquet()).hexdigest()}"'


def test_the_address_needs_no_key(call, location):
    answer = call("GET", location, x_api_key=None)
    assert (answer.status, answer.content) == (200, parquet())
    assert answer.headers["repr-digest"] == digest_header(parquet())
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"


def test_a_caller_who_holds_the_file_gets_none(call, made, location):
    tag = call("HEAD", location).headers["etag"]
    assert call("GET", location, if_none_match=tag).status == 304
    download = f"{path_of(made)}/time_series/download"
    assert call("GET", download, if_none_match=tag).status == 304


@pytest.mark.law("X2")
@pytest.mark.parametrize("place", [0, 10, -1, -70])
def test_a_changed_address_is_refused(call, location, place):
    head, _, token = location.rpartition("/")
    changed = "0" if token[place] != "0" else "1"
    forged = token[:place] + changed + (token[place + 1 :] if place != -1 else "")
    assert call("GET", f"{head}/{forged}").status == 403


def test_an_address_to_put_is_none_to_get(call, cell_path, location):
    token = initiate(call, cell_path, "u")["uploads"][0]["token"]
    assert call("GET", f"/storage/files/{token}").status == 403
    assert call("PUT", f"/storage/uploads/{location.rpartition('/')[2]}", b"x").status == 403
    assert call("PUT", "/storage/uploads/x", b"x").status == 403


@pytest.mark.law("A10")
def test_an_address_ends_after_an_hour_of_the_service(timed, clock):
    spec = timed.made("/cell_specifications", {"name": "s"})
    cell = timed.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    begun = initiate(timed, f"/cell_instances/{cell['id']}")
    clock.now += HOUR - 1
    assert put(timed, begun).status == 200
    clock.now += 1
    assert put(timed, begun).status == 403


def test_the_file_of_a_deleted_test_is_gone(call, made, location):
    call("DELETE", path_of(made))
    assert call("GET", location).status == 404


RANGES = {
    "bytes=0-3": (206, 0, 4),
    "bytes=4-": (206, 4, None),
    "bytes=-8": (206, -8, None),
    "bytes=-262144": (206, 0, None),
    "bytes=5-999999": (206, 5, None),
    "BYTES = 1-1": (206, 1, 2),
    "bytes=0-1,3-4": (200, 0, None),
    "bytes=4-2": (200, 0, None),
    "bytes=-": (200, 0, None),
    "lines=1-2": (200, 0, None),
}


@pytest.mark.parametrize("asked", RANGES)
def test_one_range_is_given(call, location, asked):
    status, start, stop = RANGES[asked]
    whole = parquet()
    answer = call("GET", location, range=asked)
    assert (answer.status, answer.content) == (status, whole[start:stop])
    if status == 206:
        first = start % len(whole)
        last = first + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(call, location, asked):
    answer = call("GET", location, range=asked)
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(parquet())}"


def test_a_range_of_another_content_is_the_whole(call, location):
    assert call("GET", location, range="bytes=0-3", if_range='"other"').status == 200
    tag = call("HEAD", location).headers["etag"]
    assert call("GET", location, range="bytes=0-3", if_range=tag).status == 206


def test_no_byte_of_an_empty_file_is_a_range():
    with pytest.raises(ValueError, match="0 bytes"):
        ranges.read("bytes=-5", 0)


@pytest.mark.parametrize("header", ["content-digest", "repr-digest"])
def test_a_broken_promise_keeps_nothing(call, cell_path, folder, header):
    begun = initiate(call, cell_path)
    target = begun["uploads"][0]["signed_url"]
    promised = digest_header(parquet())
    broken = call("PUT", target, parquet() + b"x", **{header: promised})
    assert broken.status == 422
    assert header in broken.message
    assert staged(folder) == set()
    assert confirm(call, cell_path, begun).status == 400
    assert call("PUT", target, parquet(), **{header: promised}).status == 200


def test_a_body_shorter_than_its_length_keeps_nothing(call, cell_path, folder):
    begun = initiate(call, cell_path)
    answer = call("PUT", begun["uploads"][0]["signed_url"], b"abc", content_length="4")
    assert answer.status == 400
    assert staged(folder) == set()


def test_a_caller_in_the_process_is_handed_the_file(opened, cell_path, made):
    service = opened(open_door=True).service
    reply = service.answer(Request("GET", f"{path_of(made)}/time_series/download"))
    assert reply.status == 200
    assert isinstance(reply.body, FileBody)
    assert not reply.body.movable
    assert reply.body.path.name == made["file_metadata"]["sha256"]
    assert reply.headers["repr-digest"] == digest_header(parquet())


def test_addresses_begin_with_the_public_url(opened, cell_path):
    behind = opened(public_url="https://lab.example/cells/")
    url = initiate(behind, cell_path)["uploads"][0]["signed_url"]
    assert url.startswith("https://lab.example/cells/storage/uploads/upload~")
    with pytest.raises(ConfigError, match="no address"):
        opened(public_url="lab.example")


@pytest.mark.law("X8")
def test_a_file_is_never_shown_as_a_page(call, cell_path):
    name = 'a"ü<b>.html'
    path = upload_files(call, cell_path, {name: b"<script>"})
    sent = call("GET", f"{path}/files/a%22%C3%BC%3Cb%3E.html")
    answer = call("GET", sent.headers["location"])
    assert answer.headers["content-type"] == "application/octet-stream"
    disposition = "attachment; filename*=UTF-8''a%22%C3%BC%3Cb%3E.html"
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_steps_and_cycles_are_written_as_readers_of_json_need_them(call, made):
    answer = call("GET", f"{path_of(made)}/steps_and_cycles")
    steps, cycles = answer.body["steps"], answer.body["cycles"]
    assert {len(column) for column in steps.values()} == {2}
    assert {len(column) for column in cycles.values()} == {1}
    assert all(isinstance(value, float) for value in steps["Start time [s]"])
    assert b'"Start time [s]":[0.0,30.0]' in answer.content
    assert b"NaN" not in answer.content
    assert call("GET", f"{path_of(made)}/cycles").body == {"cycles": cycles}
    stored = read_frame(call, f"{path_of(made)}/cycles/download")
    assert stored.columns == list(cycles)


@pytest.mark.parametrize("word", ["time_series/download", "steps/download", "cycles", "files"])
def test_data_of_another_type_of_test_is_refused(call, cell_path, made, word):
    files = upload_files(call, cell_path, {"a": b"x"})
    path = path_of(made) if word == "files" else files
    assert call("GET", f"{path}/{word}").status == 400
    assert call("GET", f"/cell_measurements/none/{word}").status == 404


@pytest.mark.law("U7")
@pytest.mark.parametrize("fault", ["flipped", "missing"])
def test_a_damaged_file_is_never_given(call, cell_path, made, location, fault):
    sound = upload(call, cell_path, "sound", parquet(compression="snappy"))
    lying = call.service._blobs.path(made["file_metadata"]["sha256"])
    if fault == "missing":
        lying.unlink()
    else:
        content = bytearray(lying.read_bytes())
        content[100] ^= 1
        lying.write_bytes(content)
    for target in (f"{path_of(made)}/time_series/download", location):
        answer = call("GET", target)
        assert (answer.status, answer.body["error_code"]) == (500, "CORRUPT_DATA")
        assert "'t'" in answer.message
        assert "cellframe server verify" in answer.message
    assert read_frame(call, f"{path_of(sound)}/time_series/download").height == 6
