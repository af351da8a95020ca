"""`cellframe config`: services by name, and never a key in a file."""

from __future__ import annotations

import json
import os
import stat
import tomllib

import pytest

from cellframe.cli.profiles import config_file, load

URL = "https://cells.example.org"
ADD = ("config", "add", "lab", "--url", URL, "--key-env", "LAB_KEY")


def test_a_profile_is_written_for_this_user_alone(call):
    assert call(*ADD, "--org", "o-1", "--project", "p-1").code == 0
    written = tomllib.loads(config_file().read_text("utf-8"))
    lab = {"url": URL, "key_env": "LAB_KEY", "organization_id": "o-1", "project_id": "p-1"}
    assert written == {"default": "lab", "profiles": {"lab": lab}}
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600
    assert [path.name for path in config_file().parent.iterdir()] == ["config.toml"]


def test_the_first_profile_is_the_default_and_a_later_one_where_it_says_so(call):
    assert "It is the default" in call(*ADD).err
    assert "It is the default" not in call("config", "add", "two", "--data", "two").err
    assert load().default == "lab"
    assert call("config", "add", "three", "--data", "three", "--default").code == 0
    assert load().default == "three"


def test_a_folder_is_kept_whole_so_that_it_is_found_from_everywhere(call, tmp_path):
    call("config", "add", "bench", "--data", "bench")
    assert load().named("bench").data == str(tmp_path / "bench")


def test_the_same_profile_again_is_nothing_new_and_another_is_refused(call):
    call(*ADD)
    assert call(*ADD).code == 0
    ran = call("config", "add", "lab", "--data", "elsewhere")
    assert (ran.code, ran.out) == (1, "")
    assert f"There is a profile 'lab' already, of {URL}." in ran.err
    assert load().named("lab").url == URL


def test_what_a_person_wrote_into_the_file_stays(call):
    call(*ADD)
    config_file().write_text("# mine\n" + config_file().read_text("utf-8"), "utf-8")
    call("config", "add", "two", "--data", "two")
    assert config_file().read_text("utf-8").startswith("# mine\ndefault = ")


def test_a_file_that_windows_wrote_is_taken(call):
    call(*ADD)
    config_file().write_text(config_file().read_text("utf-8"), "utf-8-sig")
    assert call("config", "add", "two.5", "--data", "two").code == 0
    assert load().names == ["lab", "two.5"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_file_that_is_a_link_stays_one(call, tmp_path):
    config_file().parent.mkdir(parents=True)
    config_file().symlink_to(tmp_path / "dotfiles.toml")
    call(*ADD)
    assert config_file().is_symlink()
    assert "lab" in (tmp_path / "dotfiles.toml").read_text("utf-8")


@pytest.mark.parametrize(
    "key",
    ["iw_2f9a8b7c6d5e", "sk-2f9a", "SK2F9A8B7C6D5E4F", "secretkey", "A" * 41, "a b", "1KEY"],
)
def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated(call, key):
    ran = call("config", "add", "lab", "--url", URL, "--key-env", key)
    assert (ran.code, ran.out) == (64, "")
    assert key not in ran.err
    assert "give --key-env LAB_KEY" in ran.err
    assert not config_file().exists()


@pytest.mark.parametrize("name", ["LABORATORY_KEY", "KEY2", "LAB_KEY_20260101", "_K"])
def test_a_variable_as_people_spell_them_is_taken_before_it_is_set(call, name):
    assert f"{name} is not set yet" in call(*ADD[:-1], name).err
    assert load().named("lab").key_env == name


def test_a_variable_that_is_set_is_taken_however_it_is_spelled(call, monkeypatch):
    monkeypatch.setenv("lab_key", "canary")
    assert call(*ADD[:-1], "lab_key").code == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("cells.example.org", "it should look like https://"),
        ("ftp://cells.example.org", "it should look like https://"),
        ("https://", "it should look like https://"),
        ("https://a b", "it should look like https://"),
        ("https://cells.example.org:x", "it should look like https://"),
        ("http://cells.example.org", "add --allow-http"),
        ("https://ada:geheim@cells.example.org", "--url is scheme, host and path alone"),
        ("https://cells.example.org?key=geheim", "--url is scheme, host and path alone"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(call, url, said):
    ran = call("config", "add", "lab", "--url", url, "--key-env", "LAB_KEY")
    assert ran.code == 64
    assert said in ran.err
    assert "geheim" not in ran.err


def test_clear_text_is_allowed_by_name_and_to_this_machine(call):
    other = ("--url", "http://lab.example", "--key-env", "K", "--allow-http")
    assert call("config", "add", "one", *other).code == 0
    assert call("config", "add", "two", "--url", "http://localhost:1", "--key-env", "K").code == 0
    assert [load().named(name).allow_http for name in ("one", "two")] == [True, False]


@pytest.mark.parametrize(
    "arguments",
    [
        ("lab",),
        ("lab", "--url", URL),
        ("lab", "--key-env", "K"),
        ("lab", "--data", "x", "--url", URL, "--key-env", "K"),
        ("lab", "--data", "x", "--org", "o"),
        ("lab", "--data", "x", "--allow-http"),
        ("a b", "--data", "x"),
        ("-x", "--data", "x"),
    ],
)
def test_what_makes_no_profile_is_wrong_usage(call, arguments):
    assert call("config", "add", *arguments).code == 64
    assert not config_file().exists()


def test_the_list_has_a_star_and_says_which_key_is_missing(call, tmp_path, monkeypatch):
    call(*ADD)
    call("config", "add", "bench", "--data", "bench")
    starred, plain = call("config", "list").out.splitlines()
    assert starred == f"* lab    {URL}  key from LAB_KEY, which is not set"
    assert plain == f"  bench  {tmp_path / 'bench'}"
    monkeypatch.setenv("LAB_KEY", "canary")
    assert f"{URL}  key from LAB_KEY\n" in call("config", "list").out


def test_the_list_for_a_program(call):
    call(*ADD)
    listed = json.loads(call("config", "list", "--json").out)
    assert (listed["default"], listed["exit_code"]) == ("lab", 0)
    assert [(one["name"], one["key_is_set"]) for one in listed["profiles"]] == [("lab", False)]


def test_without_a_profile_the_list_says_how_to_make_one(call):
    ran = call("config", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "cellframe config add lab" in ran.err


def test_a_removed_default_leaves_no_default(call):
    call(*ADD)
    call("config", "add", "bench", "--data", "bench")
    assert "cellframe config default NAME" in call("config", "remove", "lab").err
    assert (load().names, load().default) == (["bench"], None)
    assert call("config", "default", "bench").code == 0
    assert load().default == "bench"


def test_another_default_survives_a_removal(call):
    call(*ADD)
    call("config", "add", "bench", "--data", "bench")
    call("config", "remove", "bench")
    assert load().default == "lab"


@pytest.mark.parametrize("what", ["remove", "default"])
def test_a_name_that_is_none_is_told_with_those_that_are(call, what):
    assert "there is none yet" in call("config", what, "lob").err
    call(*ADD)
    ran = call("config", what, "lob")
    assert ran.code == 1
    assert "There is no profile 'lob'" in ran.err
    assert "there are lab" in ran.err


def test_show_prints_where_the_file_is(call):
    ran = call("config", "show")
    assert ran.out == f"{config_file()}\n"
    assert "not there yet" in ran.err
    call(*ADD)
    assert call("config", "show") == (0, f"{config_file()}\n", "")
    assert json.loads(call("config", "show", "--json").out)["exists"] is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profiles.lab]\nurl\n", "at line 2"),
        ("profiles = 3", "`profiles` is no table"),
        ("[profiles]\nlab = 3", "the profile 'lab' is no table"),
        ("[profiles.lab]\nurl = 3\nkey_env = 'K'", "'url' of the profile 'lab' is not a text"),
        ("[profiles.lab]\ndata = 'x'\nallow_http = 1", "is not true or false"),
        ("[profiles.lab]\napi_key = 'geheim'", "says 'api_key', and keys are not kept here"),
        ("[profiles.lab]\nurll = 'x'", "says 'urll', which means nothing"),
        ("[profiles.lab]\nname = 'x'\ndata = 'x'", "says 'name', which means nothing"),
        ("[profiles.lab]\nurl = 'https://x.example'", "needs url and key_env, or else data"),
        ("[profiles.lab]\nkey_env = 'K'", "needs url and key_env, or else data"),
        ("[profiles.lab]\ndata='x'\nurl='y'\nkey_env='K'", "needs url and key_env, or else data"),
        ("default = 'lab'", "the default profile 'lab' is not among them"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(call, text, said):
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text, "utf-8")
    ran = call("config", "list")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "geheim" not in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_is_no_text_is_one_sentence(call):
    config_file().parent.mkdir(parents=True)
    config_file().write_bytes(b"\xff\xfe\x00")
    assert "it is not UTF-8 text" in call("config", "list").err


def test_a_file_that_cannot_be_read_is_one_sentence(call):
    config_file().mkdir(parents=True)
    assert f"{config_file()} cannot be read" in call("config", "list").err


def test_a_folder_that_cannot_be_written_is_one_sentence(call, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CELLFRAME_HOME", str(tmp_path / "file"))
    ran = call(*ADD)
    assert ran.code == 1
    assert "cannot be" in ran.err
    assert len(ran.err.splitlines()) == 1
