"""Which service does a command work with?

``--data`` or ``--profile``; else the address in the environment; else the default profile; else
the hosted service, where the environment has a credential of it.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellframe.cli.codes import WrongUsageError
from cellframe.cli.following import Here
from cellframe.cli.out import say
from cellframe.cli.profiles import Profile, load
from cellframe.errors import ConfigError, UnfinishedApplyWarning

if TYPE_CHECKING:
    from cellframe.client import Client
    from cellframe.transport.session import HttpWire

ADDRESSES = ("CELLFRAME_API_URL", "IONWORKS_API_URL")
"""Variables of the environment that name a service."""
CREDENTIALS = ("IONWORKS_API_KEY", "IONWORKS_API_TOKEN")
"""Those that name the hosted one, and may be there for another program's sake."""
DATA = "--data"
"""What the folder of that option is called among profiles."""
DATABASE = "cellframe.sqlite"
_TERMS = ("api_url", "api_key", "organization_id", "project_id", "allow_http")
_KEYS = ("CELLFRAME_API_KEY", "IONWORKS_API_KEY", "IONWORKS_API_TOKEN")
_PATIENCE = 30.0


def connect(
    profile: str | None, data: Path | None, *, make: bool = False, tell: bool = True
) -> Client:
    """Return a client of the service that is meant.

    Parameters
    ----------
    profile, data : str or None, Path or None
        As of the options `--profile` and `--data`.
    make : bool
        Whether a folder without records becomes one with none: for commands that fill it.
    tell : bool
        Whether to tell of an apply that waits to be finished.

    Returns
    -------
    Client
        To be used in a ``with``.

    Raises
    ------
    WrongUsageError
        Both were given.
    ConfigError
        No service is named, or what names it cannot be used. Nothing was sent.
    """
    chosen = choose(profile, data)
    with warnings.catch_warnings():
        # It names a call of Python; here a command is to be typed.
        warnings.simplefilter("ignore", UnfinishedApplyWarning)
        client = _opened(chosen, make=make)
    if client.unfinished is not None and tell:
        command = Here(profile, data).command("resume")
        say(f"Note: {client.unfinished} To finish it: {command}")
    return client


def choose(profile: str | None, data: Path | None) -> Profile | None:
    """Return the profile that is meant; None where the environment names the service.

    Raises
    ------
    WrongUsageError, ConfigError
        As of `connect`.
    """
    if profile is not None and data is not None:
        message = "--profile and --data name two places to work with. Give one of them."
        raise WrongUsageError(message)
    if data is not None:
        return Profile(DATA, data=str(data))
    if profile is not None:
        return load().named(profile)
    if any(os.environ.get(name) for name in ADDRESSES):
        return None
    profiles = load()
    if profiles.default is None:
        if any(os.environ.get(name) for name in CREDENTIALS):
            return None
        raise ConfigError(_nothing_named(profiles.names))
    return profiles.named(profiles.default)


def wire_of(chosen: Profile | None) -> HttpWire:
    """Return the bare wire to a service, for looking at the service itself.

    Parameters
    ----------
    chosen : Profile or None
        Of `choose`; one of a service, and not of a folder.

    Raises
    ------
    ConfigError
        What names the service cannot be used. Nothing was sent.
    """
    from cellframe.transport.policy import from_settings
    from cellframe.transport.session import HttpWire

    terms = _terms(chosen) if chosen else dict.fromkeys(_TERMS)
    allow_http = bool(terms.pop("allow_http"))
    return HttpWire(
        from_settings(api_token=None, timeout=_PATIENCE, allow_http=allow_http, **terms)
    )


def key_variable(chosen: Profile | None) -> str:
    """Return the environment variable that the key is taken from."""
    if chosen is not None:
        return chosen.key_env or ""
    return next((name for name in _KEYS if os.environ.get(name)), _KEYS[0])


def folder_of(data: str, *, make: bool = False) -> Path:
    """Return a folder of records.

    Raises
    ------
    ConfigError
        There are none in it, and it is not to be made.
    """
    folder = Path(data).expanduser()
    if not make and not (folder / DATABASE).exists():
        message = (
            f"The folder {folder} holds no records. Is the name right? To fill a new one: "
            f"cellframe import PATH --data {folder}"
        )
        raise ConfigError(message)
    return folder


def _opened(profile: Profile | None, *, make: bool) -> Client:
    from cellframe import Client, open_local

    if profile is None:
        return Client()
    if profile.data is not None:
        return open_local(folder_of(profile.data, make=make))
    return Client(**_terms(profile))


def _terms(profile: Profile) -> dict[str, Any]:
    given = (
        profile.url,
        profile.key(),
        profile.organization_id,
        profile.project_id,
        profile.allow_http,
    )
    return dict(zip(_TERMS, given, strict=True))


def _nothing_named(names: list[str]) -> str:
    known = f" Or use a profile by --profile NAME; there are {', '.join(names)}." if names else ""
    return (
        "No service is named. Work with a folder of your own by --data FOLDER, or name a "
        "service once: cellframe config add lab --url https://cells.example.org "
        f"--key-env LAB_KEY --default.{known}"
    )
