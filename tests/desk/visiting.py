"""Somebody at the desk, in this process: pages are asked for as the door asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cellframe.desk.drafts import Drafts
from cellframe.desk.pages.asked import Asked
from cellframe.desk.pages.table import PAGES
from cellframe.desk.paper import Here

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Visit:
    client: Any
    folder: Path
    drafts: Drafts = field(default_factory=Drafts)

    def here(self, place=""):
        return Here("token", "somebody", place)

    def ask(self, method, path, *, query=None, form=None, file=None):
        for known, pattern, handler in PAGES:
            names = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
            if known == method and names:
                return handler(Asked(self, names.groupdict(), query or {}, form or {}, file))
        raise LookupError(path)

    def get(self, path, **query):
        return self.ask("GET", path, query=query)

    def post(self, path, file=None, **form):
        return self.ask("POST", path, form=form, file=file)
