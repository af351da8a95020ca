"""``cellframe config``: the services that this person works with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cellframe.cli.codes import WrongUsageError
from cellframe.cli.naming import address, profile_name, variable
from cellframe.cli.options import Json
from cellframe.cli.out import document, say, show
from cellframe.cli.profiles import (
    Profile,
    Profiles,
    config_file,
    export_line,
    load,
    names_like,
    save,
)
from cellframe.errors import ConfigError

HELP = "Name the services and folders that you work with."

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the profile.", autocompletion=names_like)
]


@app.command(
    epilog="""\b
Examples:
  cellframe config add lab --url https://cells.example.org --key-env LAB_KEY
  cellframe config add bench --data ~/bench --default"""
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Address of the service.")
    ] = None,
    key_env: Annotated[
        str | None,
        typer.Option(
            "--key-env",
            metavar="VARIABLE",
            help="Environment variable that holds the key. The key itself is written nowhere.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", help="A folder of records, without any service."),
    ] = None,
    org: Annotated[
        str | None, typer.Option("--org", metavar="ID", help="Organization to work in.")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="ID", help="Project of new specs.")
    ] = None,
    allow_http: Annotated[
        bool,
        typer.Option("--allow-http", help="Send the key in clear text to another machine."),
    ] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Use it wherever no other is named.")
    ] = False,
) -> None:
    """Name a service, or a folder of records.

    The first one is the default. Try it with cellframe doctor.
    """
    profile_name(name)
    if data is None:
        profile = _service(name, url, key_env, allow_http)
        profile = replace(profile, organization_id=org, project_id=project)
    elif allow_http or any(given is not None for given in (url, key_env, org, project)):
        message = "--data names a folder, and takes no option but --default. Give --url or --data."
        raise WrongUsageError(message)
    else:
        # Whole, so that it is found from everywhere.
        profile = Profile(name, data=str(data.expanduser().resolve()))
    _add(load(), profile, default)


def _service(name: str, url: str | None, key_env: str | None, allow_http: bool) -> Profile:
    if url is None or key_env is None:
        message = "Give --url URL with --key-env VARIABLE, or else --data FOLDER."
        raise WrongUsageError(message)
    return Profile(
        name,
        url=address(url, allow_http=allow_http),
        key_env=variable(key_env),
        allow_http=allow_http,
    )


def _add(known: Profiles, profile: Profile, default: bool) -> None:
    there = known.all.get(profile.name)
    if there is not None and there != profile:
        message = (
            f"There is a profile {profile.name!r} already, of {there.place}. Take another name, or "
            f"remove it first: cellframe config remove {profile.name}"
        )
        raise ConfigError(message)
    first = not known.all
    save(known.path, profile, profile.name, profile.name if default or first else known.default)
    from_key = f", with the key from {profile.key_env}" if profile.key_env else ""
    say(f"The profile {profile.name!r} stands for {profile.place}{from_key}.")
    if default or first:
        say("It is the default: commands use it where nothing else is named.")
    if profile.key_env and not os.environ.get(profile.key_env):
        say(f"{profile.key_env} is not set yet. Set it: {export_line(profile.key_env)}")
    say(f"To try it: cellframe doctor --profile {profile.name}")


@app.command(
    "list",
    epilog="""\b
Examples:
  cellframe config list
  cellframe config list --json""",
)
def list_(json: Json = False) -> None:
    """List the profiles; a star marks the default."""
    known = load()
    if json:
        profiles = [_told(profile) for profile in known.all.values()]
        document({"file": str(known.path), "default": known.default, "profiles": profiles})
        return
    if not known.all:
        say(
            "There is no profile yet. To make one: "
            "cellframe config add lab --url https://cells.example.org --key-env LAB_KEY"
        )
    width = max(map(len, known.names), default=0)
    for profile in known.all.values():
        star = "*" if profile.name == known.default else " "
        show(f"{star} {profile.name:{width}}  {profile.place}{_key_words(profile)}")


def _told(profile: Profile) -> dict[str, Any]:
    is_set = bool(os.environ.get(profile.key_env)) if profile.key_env else None
    return {**vars(profile), "key_is_set": is_set}


def _key_words(profile: Profile) -> str:
    if not profile.key_env:
        return ""
    state = "" if os.environ.get(profile.key_env) else ", which is not set"
    return f"  key from {profile.key_env}{state}"


@app.command(
    epilog="""\b
Examples:
  cellframe config remove lab"""
)
def remove(name: Name) -> None:
    """Forget a profile. Records and keys stay where they are."""
    known = load()
    gone = known.named(name)
    left = None if known.default == name else known.default
    save(known.path, None, name, left)
    say(f"The profile {name!r} of {gone.place} is gone.")
    if known.default == name and len(known.all) > 1:
        say("It was the default. To name another: cellframe config default NAME")


@app.command(
    epilog="""\b
Examples:
  cellframe config default lab"""
)
def default(name: Name) -> None:
    """Use a profile wherever no other is named."""
    known = load()
    profile = known.named(name)
    save(known.path, profile, name, name)
    say(f"The default is {name!r} from now on: {profile.place}")


@app.command(
    "show",
    epilog="""\b
Examples:
  cellframe config show""",
)
def where(json: Json = False) -> None:
    """Print where the file of the profiles is."""
    path = config_file()
    if json:
        document({"file": str(path), "exists": path.exists()})
        return
    show(str(path))
    if not path.exists():
        say("It is not there yet: cellframe config add makes it.")
