"""Which service a command works with: what is typed, the environment, the default profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cellframe as cf
from cellframe.cli.codes import WrongUsageError
from cellframe.cli.connect import connect
from cellframe.cli.profiles import Profile, config_file, names_like, save
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path) -> Path:
    """A folder of records."""
    cf.open_local(tmp_path / "lab").close()
    return tmp_path / "lab"


def keep(profile: Profile, *, default: bool = False) -> None:
    save(config_file(), profile, profile.name, profile.name if default else None)


def place(profile: str | None = None, data: Path | None = None) -> str:
    with connect(profile, data) as client:
        return client._wire.origin


def test_a_folder_that_is_named_wins(lab, monkeypatch):
    keep(Profile("far", url="https://far.example", key_env="K"), default=True)
    monkeypatch.setenv("CELLFRAME_API_URL", "https://env.example")
    assert place(data=lab) == str(lab)


def test_a_profile_that_is_named_wins_over_the_environment(monkeypatch):
    keep(Profile("far", url="https://far.example", key_env="K"))
    monkeypatch.setenv("K", "canary")
    monkeypatch.setenv("CELLFRAME_API_URL", "https://env.example")
    monkeypatch.setenv("CELLFRAME_API_KEY", "canary")
    assert place("far") == "https://far.example"


@pytest.mark.parametrize("variable", ["CELLFRAME_API_URL", "IONWORKS_API_URL"])
def test_the_environment_wins_over_the_default(lab, monkeypatch, variable):
    keep(Profile("bench", data=str(lab)), default=True)
    monkeypatch.setenv(variable, "https://env.example")
    monkeypatch.setenv("CELLFRAME_API_KEY", "canary")
    assert place() == "https://env.example"


@pytest.mark.parametrize("variable", ["IONWORKS_API_KEY", "IONWORKS_API_TOKEN"])
def test_a_key_of_the_hosted_service_names_it(monkeypatch, variable):
    monkeypatch.setenv(variable, "canary")
    assert place() == "https://api.ionworks.com"


@pytest.mark.parametrize("variable", ["IONWORKS_API_KEY", "IONWORKS_API_TOKEN"])
def test_a_key_of_another_program_does_not_outdo_the_default(lab, monkeypatch, variable):
    keep(Profile("bench", data=str(lab)), default=True)
    monkeypatch.setenv(variable, "canary")
    assert place() == str(lab)


def test_a_key_alone_names_no_service(lab, monkeypatch):
    keep(Profile("bench", data=str(lab)), default=True)
    monkeypatch.setenv("CELLFRAME_API_KEY", "canary")
    assert place() == str(lab)


def test_a_profile_brings_its_organization_project_and_clear_text(monkeypatch):
    monkeypatch.setenv("K", "canary")
    profile = Profile("far", "http://far.example", "K", "o-1", "p-1", allow_http=True)
    keep(profile)
    with connect("far", None) as client:
        settings = client._connection.settings
        assert (settings.organization_id, settings.project_id) == ("o-1", "p-1")
        assert client._wire.origin == "http://far.example"


def test_both_at_once_is_wrong_usage(lab):
    with pytest.raises(WrongUsageError, match="Give one of them"):
        connect("lab", lab)


def test_nothing_named_says_both_ways_on():
    with pytest.raises(ConfigError, match=r"--data FOLDER.* cellframe config add lab --url"):
        connect(None, None)


def test_without_a_default_the_profiles_are_named(lab):
    keep(Profile("bench", data=str(lab)))
    with pytest.raises(ConfigError, match=r"--profile NAME; there are bench\."):
        connect(None, None)


@pytest.mark.parametrize(("value", "said"), [(None, "not set"), ("", "empty"), (" ", "empty")])
def test_a_profile_whose_key_is_missing_says_which_and_how(monkeypatch, value, said):
    keep(Profile("far", url="https://far.example", key_env="FAR_KEY"))
    if value is not None:
        monkeypatch.setenv("FAR_KEY", value)
    with pytest.raises(ConfigError, match=rf"'far' .* FAR_KEY, which is {said}\. .*FAR_KEY"):
        connect("far", None)


@pytest.mark.parametrize("name", ["typo", "lab/typo"])
def test_a_folder_without_records_is_not_made_unless_it_is_to_be_filled(lab, tmp_path, name):
    folder = tmp_path / name
    with pytest.raises(ConfigError, match=r"holds no records\. Is the name right\?"):
        connect(None, folder)
    assert not folder.exists()
    connect(None, folder, make=True).close()
    assert place(data=folder) == str(folder)


def test_the_shell_completes_names_of_profiles_and_never_fails():
    keep(Profile("lab", data="x"))
    keep(Profile("bench", data="x"))
    assert names_like("l") == ["lab"]
    config_file().write_text("nonsense", "utf-8")
    assert names_like("l") == []
