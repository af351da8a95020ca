"""Which options mean the same in every command?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cellframe.cli.profiles import names_like

Profile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The service to work with, as `cellframe config add` named it.",
        autocompletion=names_like,
    ),
]
Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        help="Work with the records in a folder, without any service.",
        file_okay=False,
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write one JSON document to stdout, for a program.")
]
Yes: TypeAlias = Annotated[
    bool, typer.Option("--yes", "-y", help="Agree to what would be asked. Limits still hold.")
]
