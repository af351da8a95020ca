"""``cellframe serve``: a folder of records, on a socket."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.contract.wire import Answer
    from cellframe.desk.app import Desk

EXAMPLES = """\b
Examples:
  cellframe serve --data lab
  cellframe serve --data lab --host 0.0.0.0 --key-env LAB_KEY"""


def serve(
    data: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The records' folder; made where missing.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 8765,
    key_env: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Environment variable with a key to accept; no other key is then. May be "
            "repeated. Without it any key is accepted, on this machine alone.",
        ),
    ] = None,
    public_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where clients reach the service, for one behind a proxy; the addresses of "
            "files begin with it.",
        ),
    ] = "",
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Serve programs alone: no page for people.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Leave an extension out, to try what a notebook does at a service that lacks it: "
            "version, if_match, idempotency_key or batch. May be repeated.",
        ),
    ] = None,
) -> None:
    """Serve a folder of records over HTTP, until Ctrl-C or SIGTERM."""
    run(
        data,
        host=host,
        port=port,
        key_names=key_env or [],
        public_url=public_url,
        without=without or [],
        page=not no_page,
    )


def run(
    folder: Path,
    *,
    host: str,
    port: int,
    key_names: Sequence[str],
    public_url: str = "",
    without: Sequence[str] = (),
    page: bool = True,
) -> None:
    """Serve a folder until a SIGTERM or SIGINT.

    Parameters
    ----------
    folder : Path
        Where the records are kept; made where there is none.
    host, port : str, int
        Where to listen; port 0 for any free one.
    key_names : sequence of str
        Environment variables that hold the keys to accept; any key where there are none.
    public_url : str
        Where clients reach the service, for one behind a proxy.
    without : sequence of str
        Extensions that are left out; see `cellframe.server.answer.Service`.
    page : bool
        Whether people get a page; see `cellframe.desk`.

    Raises
    ------
    ConfigError
        A variable is not set, the address cannot be used, or what is to be left out cannot be.
    StoreError
        The folder cannot be used.
    """
    # A stop that comes while the service is still being imported is as clean as a later one.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _leave)
    keys = [_key(name) for name in key_names]
    from cellframe.server.app import serve as publish

    def ready(url: str) -> None:
        said = f"cellframe is serving {folder} at {url}\n"
        said += f"Without Python: {public_url or url} in a browser.\n" if page else ""
        # Whoever started this waits for the line, and a pipe would hold it back; whoever stops
        # it as soon as it is there has seen all of it.
        print(said, end="", flush=True)

    def desk(answer: Answer, url: str) -> Desk:
        from cellframe.desk.app import Desk

        return Desk(
            answer,
            folder.expanduser(),
            needs_key=bool(keys),
            guests_key=keys[0] if keys else "desk",
            address=url,
            public_url=public_url,
            host=host,
        )

    publish(
        folder.expanduser(),
        host=host,
        port=port,
        keys=keys or None,
        public_url=public_url,
        without=without,
        pages=desk if page else None,
        ready=ready,
    )


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _key(name: str) -> str:
    key = os.environ.get(name, "").strip()
    if not key:
        state = "empty" if name in os.environ else "not set"
        message = (
            f"--key-env {name}: the environment variable {name} is {state}. "
            f"Set it to the key that clients will send, e.g. export {name}=..."
        )
        raise ConfigError(message)
    return key
