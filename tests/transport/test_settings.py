"""Whose credential, to which address: arguments first, then one variable after the other."""

from __future__ import annotations

import pytest

from cellframe.errors import ConfigError
from cellframe.transport.policy import HOSTED, from_settings, is_loopback


def policy(url=None, key=None, token=None, organization=None, project=None, *, allow_http=False):
    return from_settings(url, key, token, organization, project, 30.0, allow_http=allow_http)


URL, KEY, TOKEN = "CELLFRAME_API_URL", "CELLFRAME_API_KEY", "IONWORKS_API_TOKEN"
OTHER_URL, OTHER_KEY = "IONWORKS_API_URL", "IONWORKS_API_KEY"
ORDER = [
    ({URL: "https://a", OTHER_URL: "https://b", KEY: "k"}, "https://a", "k"),
    ({OTHER_URL: "https://b", KEY: "k", OTHER_KEY: "l"}, "https://b", "k"),
    ({URL: "https://a", OTHER_KEY: "l"}, "https://a", "l"),
    ({OTHER_KEY: "l"}, HOSTED, "l"),
    ({OTHER_KEY: "l", TOKEN: "t"}, HOSTED, "l"),
    ({URL: "", OTHER_URL: "https://b", KEY: "", OTHER_KEY: "l"}, "https://b", "l"),
]


@pytest.mark.parametrize(("environment", "address", "key"), ORDER)
def test_variables_are_asked_in_order(monkeypatch, environment, address, key):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = policy()
    assert (found.address, found.key.reveal()) == (address, key)


def test_a_token_of_the_hosted_service_is_a_bearer(monkeypatch):
    monkeypatch.setenv(TOKEN, "t")
    assert policy().address == HOSTED
    assert policy().headers() == {"Authorization": "Bearer t"}


@pytest.mark.parametrize("argument", ["key", "token"])
def test_an_argument_wins_over_every_variable(monkeypatch, argument):
    for name in (KEY, OTHER_KEY, TOKEN):
        monkeypatch.setenv(name, "other")
    assert "other" not in str(policy("https://a", **{argument: "mine"}).headers())


def test_organization_and_project_come_from_variables_too(monkeypatch):
    monkeypatch.setenv("IONWORKS_ORGANIZATION_ID", "o")
    monkeypatch.setenv("CELLFRAME_PROJECT_ID", "p")
    found = policy("https://a", "k")
    assert found.headers()["X-Organization-Id"] == "o"
    assert (found.project_id, policy("https://a", "k", project="q").project_id) == ("p", "q")


def test_no_address_says_what_to_do():
    with pytest.raises(ConfigError, match=r"api_url=.*CELLFRAME_API_URL.*open_local"):
        policy(key="k")


def test_a_key_of_a_team_alone_is_never_sent_to_the_hosted_service(monkeypatch):
    monkeypatch.setenv(KEY, "k")
    with pytest.raises(ConfigError, match="No service address"):
        policy()


@pytest.mark.law("X1")
@pytest.mark.parametrize("other", [OTHER_KEY, TOKEN])
def test_a_key_of_a_team_stays_at_home_beside_a_hosted_credential(monkeypatch, other):
    monkeypatch.setenv(KEY, "team")
    monkeypatch.setenv(other, "hosted")
    assert policy().address == HOSTED
    assert "team" not in str(policy().headers())


def test_no_key_says_what_to_do():
    with pytest.raises(ConfigError, match=r"api_key=.*CELLFRAME_API_KEY"):
        policy("https://a")


@pytest.mark.parametrize("key", [" k1", "k1\n", "k1\t", "k1\u00e9y", "k1\u200b", "k1\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_hold_is_refused_unseen(key):
    with pytest.raises(ConfigError, match="The key holds") as refused:
        policy("https://a", key)
    assert "k1" not in str(refused.value)


MALFORMED = ["cells.example.org", "ftp://a", "https://", "/cells", "https://a:0", "https://a:x"]
MALFORMED += [
    "http://[::1",
    "https://a b",
    "https://a/b c",
    "https://ho\u2100st",
    "https://a:99999",
]


@pytest.mark.law("X12")
@pytest.mark.parametrize("address", MALFORMED)
def test_what_is_no_address_says_how_one_looks(address):
    with pytest.raises(ConfigError, match=r"should look like https://cells\.example\.org"):
        policy(address, "k")


SECRETIVE = ["https://me:pa55@a", "https://pa55@a", "ftp://me:pa55@a", "me:pa55@a", "https://@a"]
SECRETIVE += ["https://a/?key=pa55", "https://a/#pa55"]


@pytest.mark.law("X3")
@pytest.mark.parametrize(
    "address",
    SECRETIVE,
)
def test_an_address_with_a_secret_in_it_is_refused_unseen(address):
    with pytest.raises(ConfigError) as refused:
        policy(address, "k")
    assert "pa55" not in str(refused.value)


FOREIGN = ["http://cells.example.org", "http://127.0.0.1.evil.org", "http://127.evil.org"]
FOREIGN += [
    "http://localhost.evil.org",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://[::ffff:8.8.8.8]",
]


@pytest.mark.law("X1")
@pytest.mark.parametrize("address", FOREIGN)
def test_a_key_in_clear_text_to_another_machine_is_refused(address):
    with pytest.raises(ConfigError, match=r"clear text.*https://.*allow_http=True"):
        policy(address, "k")
    assert policy(address, "k", allow_http=True).address == address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("address", ["https://a/", " https://a ", "https://a//"])
def test_blanks_and_slashes_around_an_address_are_dropped(address):
    assert policy(address, "k").address == "https://a"
