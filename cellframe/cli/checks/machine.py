"""Is this computer set up: Python, packages, settings, terminal?"""

from __future__ import annotations

import locale
import os
import platform
import sys
from datetime import datetime
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from cellframe import __version__
from cellframe.cli.checks.finding import Finding, State
from cellframe.cli.profiles import load
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    *("polars", "pandas", "pyarrow", "pandera", "requests", "numpy"),
    "xlsxwriter",
)
SETTINGS = {
    "CELLFRAME_API_URL": True,
    "CELLFRAME_API_KEY": False,
    "CELLFRAME_ORGANIZATION_ID": True,
    "CELLFRAME_PROJECT_ID": True,
    "CELLFRAME_STORAGE_HOSTS": True,
    "CELLFRAME_STORAGE_PROXY": True,
    "CELLFRAME_HOME": True,
    "CELLFRAME_OFFLINE": True,
    "CELLFRAME_CACHE_SIZE": True,
    "CELLFRAME_MAX_CELLS": True,
    "CELLFRAME_MAX_GIB": True,
    "CELLFRAME_DEBUG": True,
    "CELLFRAME_FAIL": True,
    "IONWORKS_API_URL": True,
    "IONWORKS_API_KEY": False,
    "IONWORKS_API_TOKEN": False,
    "IONWORKS_ORGANIZATION_ID": True,
    "IONWORKS_PROJECT_ID": True,
    "HTTPS_PROXY": True,
    "HTTP_PROXY": True,
    "NO_PROXY": True,
    "REQUESTS_CA_BUNDLE": True,
    "CURL_CA_BUNDLE": True,
}
"""The environment variables that are heeded, and whether their values may be shown."""
_OURS = ("CELLFRAME_", "IONWORKS_")
_MOST_SHOWN = 100


def machine() -> Iterator[Finding]:
    """Look at this computer."""
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    yield _packages()
    yield from _settings()
    yield _clock_and_zone()
    yield _terminal()


def _packages() -> Finding:
    found = {name: _version(name) for name in PACKAGES}
    missing = [name for name, known in found.items() if known is None]
    listed = ", ".join(f"{name} {known}" for name, known in found.items() if known)
    words = f"cellframe {__version__}, {listed}"
    if not missing:
        return Finding("Packages", words)
    return Finding(
        "Packages",
        f"{words}; missing: {', '.join(missing)}",
        State.FAULT,
        "Install cellframe again in this Python: python -m pip install --force-reinstall cellframe",
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _settings() -> Iterator[Finding]:
    """Tell which variables are set, and which of ours mean nothing."""
    there = [name for name in SETTINGS if name in os.environ]
    words = ", ".join(map(_shown, there)) or "no variable that cellframe heeds is set"
    yield Finding("Settings", words)
    ours = {name for name in os.environ if name.startswith(_OURS)}
    for name in sorted(ours - set(SETTINGS) - _named_by_profiles()):
        near = get_close_matches(name, SETTINGS, n=1)
        advice = f"Is it meant to be {near[0]}?" if near else "Nothing reads it."
        yield Finding("Settings", f"{name} means nothing to cellframe", State.ATTENTION, advice)


def _shown(name: str) -> str:
    value = os.environ[name]
    if not value:
        return f"{name} is empty"
    # An address with an @ may hold a password.
    is_open = SETTINGS[name] and "@" not in value and len(value) <= _MOST_SHOWN
    return f"{name}={value}" if is_open else f"{name} is set"


def _named_by_profiles() -> set[str]:
    try:
        return {profile.key_env for profile in load().all.values() if profile.key_env}
    except ConfigError:
        return set()


def _clock_and_zone() -> Finding:
    now = datetime.now().astimezone()
    return Finding("Time", f"{now:%Y-%m-%d %H:%M} here ({now.tzname()}, UTC{now:%z})")


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "unknown").lower().replace("_", "-")
    words = f"{encoding}; files of this system: {locale.getencoding().lower()}"
    if encoding.replace("-", "") == "utf8":
        return Finding("Terminal", words)
    return Finding(
        "Terminal",
        words,
        State.ATTENTION,
        "It cannot show every letter (µ, Ω, names). Set PYTHONUTF8=1.",
    )
