"""The ``cellframe`` command.

Exit codes: 0 done, 1 a fault that one or two sentences on stderr name, 64 wrong usage,
130 interrupted from the keyboard.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer

from cellframe import __version__
from cellframe.errors import CellframeError

FAULT = 1
USAGE = 64
INTERRUPTED = 130
_TYPERS_USAGE = 2

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    # Plain text: it can be piped, searched and pasted into a message.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> NoReturn:
    """Run the command line; the process ends with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail(stream)
    try:
        app(prog_name="cellframe")
    except CellframeError as fault:
        sys.exit(_told(f"Error: {fault}", FAULT))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        sys.exit(USAGE if end.code == _TYPERS_USAGE else end.code)
    sys.exit(0)


def _never_fail(stream: TextIO) -> None:
    """Write a question mark for what the terminal cannot show, instead of ending there."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _told(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cellframe {__version__}")
        raise typer.Exit


server = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(server, name="server", help="Look after the folder of a service.")


@app.callback(
    epilog="""\b
Examples:
  cellframe demo
  cellframe serve --data lab
  cellframe serve --help"""
)
def cellframe(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Battery cell records as dataframes, and the edited dataframes back."""


@app.command(
    epilog="""\b
Examples:
  cellframe demo
  cellframe demo my-first-lab"""
)
def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where it is kept; made where missing.")
    ] = Path("cellframe-demo"),
) -> None:
    """Walk through one edit of simulated cells, offline.

    Read, edit, plan, a conflict, apply: every step says what it does. The folder stays.
    """
    from cellframe.cli.demo import demo as walk

    walk(folder)


@app.command(
    epilog="""\b
Examples:
  cellframe serve --data lab
  cellframe serve --data lab --host 0.0.0.0 --key-env LAB_KEY"""
)
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
) -> None:
    """Serve a folder of records over HTTP, until Ctrl-C or SIGTERM."""
    from cellframe.cli.serve import serve as run

    run(data, host=host, port=port, key_names=key_env or [], public_url=public_url)


@server.command(
    epilog="""\b
Examples:
  cellframe server verify lab"""
)
def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The records' folder.")],
) -> None:
    """Read every file of a folder and compare it with its record.

    Changes nothing, and may run beside a service. Lists every fault and ends with 1, or with 0
    where there is none.
    """
    from cellframe.cli.server import verify as look

    if not look(folder):
        raise typer.Exit(FAULT)
