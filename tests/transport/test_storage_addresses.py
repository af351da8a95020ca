"""Law X2: a file goes to the service or to a host that the user named, and nowhere else."""

from __future__ import annotations

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import ConfigError, TransportError
from cellframe.transport.policy import STORAGE_VARIABLE, Policy, Secret, from_settings
from cellframe.transport.session import HttpWire
from cellframe.transport.storage import confined
from tests.conftest import CANARY as KEY
from tests.conftest import SIGNATURE as SECRET

OWN = "https://cells.example.org"
POLICY = Policy(
    f"{OWN}/api",
    Secret(KEY),
    storage_hosts=("files.example.org", "files.example.org:9000", "127.0.0.1:9000", "[::1]:9000"),
)

USED = {
    "/storage/uploads/a?b=c": f"{OWN}/api/storage/uploads/a?b=c",
    f"{OWN}/a/b%2Fc?sig=d%2Be": f"{OWN}/a/b%2Fc?sig=d%2Be",
    f"{OWN}:443/a": f"{OWN}/a",
    "HTTPS://Cells.Example.org/a": f"{OWN}/a",
    f"{OWN}/a?b#c": f"{OWN}/a?b",
    OWN: f"{OWN}/",
    "https://files.example.org/a": "https://files.example.org/a",
    "https://FILES.example.org:443/a": "https://files.example.org/a",
    "https://files.example.org:9000/a": "https://files.example.org:9000/a",
    "http://127.0.0.1:9000/a": "http://127.0.0.1:9000/a",
    "http://[::1]:9000/a": "http://[::1]:9000/a",
}


@pytest.mark.parametrize("url", USED)
def test_the_service_and_named_hosts_are_used(url):
    assert confined(url, POLICY) == USED[url]


ELSEWHERE = [
    "https://evil.example.com/a",
    "https://cells.example.org.evil.com/a",
    "https://evil-cells.example.org/a",
    "https://a.files.example.org/a",
    "https://example.org/a",
    "https://cells.example.org./a",
    "https://cells.example.org:444/a",
    "https://files.example.org:9001/a",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/a",
    "https://127.0.0.1/a",
    "https://127.1/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0177.0.0.1/a",
    "https://0.0.0.0/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://[::ffff:169.254.169.254]/a",
    "https://10.0.0.1/a",
    "//evil.example.com/a",
    "https://evil.example.com#@cells.example.org",
    "https://evil.example.com?@cells.example.org",
    "https://evil.example.com/@cells.example.org",
    "https://evil.example.com;cells.example.org/a",
    "https://xn--cells-example-org.com/a",
]
CLEAR = [
    "http://cells.example.org/a",
    "http://cells.example.org:443/a",
    "http://files.example.org/a",
    "http://files.example.org:9000/a",
    "http://127.0.0.1/a",
    "http://169.254.169.254/latest/meta-data",
]
MALFORMED = [
    "",
    "a",
    "storage/a",
    "https:",
    "https://",
    "https:///a",
    "https:/cells.example.org/a",
    "https:cells.example.org",
    "https://me@cells.example.org/a",
    "https://me:pa55@cells.example.org/a",
    "https://cells.example.org@evil.example.com/a",
    "https://cells.example.org%40evil.example.com/a",
    "https://cells.example.org\\@evil.example.com/a",
    "https://evil.example.com\\.cells.example.org/a",
    "https://cells.example.org/\\evil.example.com",
    "https://cells.example.org/a b",
    " https://cells.example.org/a",
    "https://cells.example.org/a\r\nX-Evil: 1",
    "https://cells.example.org/a\nX-Evil: 1",
    "https://cells.example.org\t/a",
    "https://cells.example.org/\x00",
    "https://cells.example.org/\u2100",
    "https://ce\u217cls.example.org/a",
    "https://cells.example.org\u3002evil.com/a",
    "https://cells.example.org:0/a",
    "https://cells.example.org:x/a",
    "https://cells.example.org:99999/a",
    "https://[::1/a",
    "https://[evil]/a",
    "file:///etc/passwd",
    "file://cells.example.org/a",
    "ftp://cells.example.org/a",
    "data:,a",
    "javascript:alert(1)",
    "unix:///var/run/a.sock",
    "http+unix://a/b",
    "gopher://cells.example.org/a",
]


@pytest.mark.law("X2")
@pytest.mark.parametrize("url", [*ELSEWHERE, *CLEAR, *MALFORMED])
def test_a_hostile_address_is_refused(url):
    assert len({*ELSEWHERE, *CLEAR, *MALFORMED}) >= 60
    with pytest.raises(TransportError, match=r"Nothing was sent there\.") as refused:
        confined(url, POLICY)
    assert not refused.value.sent


def reached(place: str) -> str | None:
    try:
        return confined(place, POLICY, "/cell_measurements/m/time_series/download")
    except TransportError:
        return None


@pytest.mark.law("X2")
@pytest.mark.parametrize("place", [*ELSEWHERE, *CLEAR, *MALFORMED])
def test_a_hostile_redirect_is_refused_or_read_as_a_path_of_the_service(place):
    found = reached(place)
    assert found is None or found.startswith(f"{OWN}/")
    assert found is None or place not in (*ELSEWHERE, *CLEAR)


def test_a_foreign_host_is_named_with_the_setting_that_would_allow_it():
    with pytest.raises(TransportError) as refused:
        confined(f"https://bucket.example.com:9000/{SECRET}?sig={SECRET}", POLICY)
    said = str(refused.value)
    assert "storage_hosts=['bucket.example.com:9000']" in said
    assert f"{STORAGE_VARIABLE}=bucket.example.com:9000" in said
    assert SECRET not in said


@pytest.mark.law("X3")
@pytest.mark.parametrize("url", [*CLEAR, *MALFORMED])
def test_a_refusal_repeats_no_part_of_the_address_but_its_host(url):
    with pytest.raises(TransportError) as refused:
        confined(f"{url}/{SECRET}?sig={SECRET}" if url else f"{SECRET}", POLICY)
    assert SECRET not in str(refused.value)


@pytest.mark.law("X2")
@pytest.mark.parametrize("trick", ["{stranger}/a", "http://me@{host}/a", "//{host}/a"])
@pytest.mark.parametrize("act", ["put", "fetch"])
def test_no_byte_reaches_a_host_that_nobody_named(service, stranger, tmp_path, trick, act):
    url = trick.format(stranger=stranger.url, host=stranger.url.removeprefix("http://"))
    service.will(303, Location=url)
    (tmp_path / "file").write_bytes(b"abc")
    wire = HttpWire(Policy(service.url, Secret(KEY)))
    file = FileBody(tmp_path / "file")
    acts = {
        "put": lambda: wire.put(url, file, {}),
        "fetch": lambda: wire.fetch(Request("GET", "/x"), tmp_path),
    }
    with pytest.raises(TransportError):
        acts[act]()
    wire.close()
    assert stranger.asked == []


def settings(**given):
    return from_settings(OWN, "k", None, None, None, 30.0, allow_http=False, **given)


def test_hosts_are_an_argument_or_a_variable(monkeypatch):
    assert settings().storage_hosts == ()
    monkeypatch.setenv(STORAGE_VARIABLE, " A.example.org, b.example.org:9000,")
    assert settings().storage_hosts == ("a.example.org", "b.example.org:9000")
    assert settings(storage_hosts=["c.example.org"]).storage_hosts == ("c.example.org",)
    assert settings(storage_hosts=[]).storage_hosts == ()
    assert settings(storage_hosts="[::1]:9000").storage_hosts == ("[::1]:9000",)


@pytest.mark.parametrize("host", ["https://a.org", "a.org/b", "*.a.org", "me@a.org", "a:b", "a b"])
def test_what_is_no_host_is_refused(host):
    with pytest.raises(ConfigError, match="hold names such as"):
        settings(storage_hosts=[host])
