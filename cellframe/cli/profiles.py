"""Which services does this person work with?

A profile names a service: its address and the environment variable that holds the key, or a
folder of records. The file has never a key in it.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from cellframe.errors import ConfigError
from cellframe.store.places import config_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FILE = "config.toml"
_SECRETS = ("key", "api_key", "token", "api_token", "password", "secret")


@dataclass(frozen=True)
class Profile:
    """One service, and how to be let in.

    Attributes
    ----------
    name : str
        What it is called here.
    url : str or None
        Address of the service.
    key_env : str or None
        Environment variable that holds the key.
    organization_id, project_id : str or None
        As of `cellframe.Client`.
    allow_http : bool
        Whether the key may travel in clear text to another machine.
    data : str or None
        Folder of records, instead of a service.
    """

    name: str
    url: str | None = None
    key_env: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    allow_http: bool = False
    data: str | None = None

    @property
    def place(self) -> str:
        """Where the records are: an address or a folder."""
        return self.url or self.data or ""

    def key(self) -> str:
        """Return the key of the service.

        Raises
        ------
        ConfigError
            Its variable is not set.
        """
        key = os.environ.get(self.key_env or "", "").strip()
        if not key:
            state = "empty" if self.key_env in os.environ else "not set"
            message = (
                f"The profile {self.name!r} takes its key from the environment variable "
                f"{self.key_env}, which is {state}. Set it: {export_line(self.key_env or 'KEY')}"
            )
            raise ConfigError(message)
        return key

    def written(self) -> dict[str, Any]:
        """Return what the file says of it: what is set, without the name."""
        said = {key: value for key, value in asdict(self).items() if value not in (None, False)}
        return {key: value for key, value in said.items() if key != "name"}


@dataclass(frozen=True)
class Profiles:
    """The profiles of this person.

    Attributes
    ----------
    path : Path
        Their file, whether or not it is there.
    all : mapping of str to Profile
        By name, in the order of the file.
    default : str or None
        Name of the one that is used where none is named.
    """

    path: Path
    all: Mapping[str, Profile]
    default: str | None = None

    @property
    def names(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.all)

    def named(self, name: str) -> Profile:
        """Return one profile.

        Raises
        ------
        ConfigError
            There is none of this name.
        """
        if name not in self.all:
            known = f"there are {', '.join(self.names)}" if self.all else "there is none yet"
            message = (
                f"There is no profile {name!r} in {self.path}; {known}. To make it: "
                f"cellframe config add {name} --url https://… --key-env VARIABLE"
            )
            raise ConfigError(message)
        return self.all[name]


def config_file() -> Path:
    """Return the file of the profiles, whether or not it is there."""
    return config_folder() / _FILE


def export_line(variable: str) -> str:
    """Return the line that sets a variable in the shell of this system."""
    return f"$env:{variable} = '…'" if os.name == "nt" else f"export {variable}=…"


def load() -> Profiles:
    """Read the profiles.

    Raises
    ------
    ConfigError
        The file cannot be read, or says what no profile has.
    """
    path = config_file()
    read = _read(path)
    tables = read.get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(_wrong(path, "`profiles` is no table"))
    found = {name: _profile(path, name, table) for name, table in tables.items()}
    default = read.get("default")
    if default is not None and default not in found:
        raise ConfigError(_wrong(path, f"the default profile {default!r} is not among them"))
    return Profiles(path, found, default)


def save(path: Path, profile: Profile | None, name: str, default: str | None) -> None:
    """Write one profile into the file, or take it out; what else the file says stays.

    Parameters
    ----------
    path : Path
        The file; made where missing, readable by this user alone.
    profile : Profile or None
        What to write; None takes the profile out.
    name : str
        Of the profile.
    default : str or None
        Name of the default profile from now on.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    import tomlkit

    # Windows' editor puts a mark before the text.
    text = tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else tomlkit.document()
    tables: Any = text.setdefault("profiles", tomlkit.table(is_super_table=True))
    if profile is None:
        tables.pop(name, None)
    else:
        tables[name] = profile.written()
    text.pop("default", None)
    if default is not None:
        text["default"] = default
    try:
        # A link stays one: people keep such files in a folder of their own.
        write_whole(path.resolve(), tomlkit.dumps(text).encode())
    except OSError as fault:
        message = f"{path} cannot be written: {fault.strerror}. Nothing was changed."
        raise ConfigError(message) from fault


def names_like(incomplete: str) -> list[str]:
    """Return the names of profiles that begin so, for the shell's completion."""
    try:
        return [name for name in load().names if name.startswith(incomplete)]
    except ConfigError:
        return []


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(_wrong(path, f"it is no TOML: {fault}")) from fault
    except UnicodeDecodeError as fault:
        raise ConfigError(_wrong(path, "it is not UTF-8 text")) from fault
    except OSError as fault:
        message = f"{path} cannot be read: {fault.strerror}."
        raise ConfigError(message) from fault


def _profile(path: Path, name: str, table: Any) -> Profile:
    """Return one profile of the file, checked."""
    if not isinstance(table, dict):
        raise ConfigError(_wrong(path, f"the profile {name!r} is no table"))
    kinds = {field.name: bool if field.name == "allow_http" else str for field in fields(Profile)}
    for key, value in table.items():
        if key in _SECRETS:
            raise ConfigError(_wrong(path, f"the profile {name!r} says {key!r}, and {_NO_KEYS}"))
        if key == "name" or key not in kinds:
            raise ConfigError(
                _wrong(path, f"the profile {name!r} says {key!r}, which means nothing")
            )
        if not isinstance(value, kinds[key]):
            right = "true or false" if kinds[key] is bool else "a text in quotes"
            raise ConfigError(_wrong(path, f"{key!r} of the profile {name!r} is not {right}"))
    found = Profile(name, **table)
    if bool(found.url) == bool(found.data) or bool(found.url) != bool(found.key_env):
        raise ConfigError(_wrong(path, f"the profile {name!r} needs url and key_env, or else data"))
    return found


_NO_KEYS = "keys are not kept here: put it into an environment variable, and that name into key_env"


def _wrong(path: Path, what: str) -> str:
    return f"{path} cannot be used: {what}. Put it right in an editor, or remove the file."
