"""What makes two plans the same plan: what would be sent, and what it was compared with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.writeback.steps import Step


def digest_of(service: str, steps: Iterable[Step]) -> str:
    """Digest everything that would be sent to a service, and what it was compared with."""
    lines = [
        [
            s.action.value,
            s.kind.name,
            s.row,
            s.id,
            s.parent_id,
            s.name,
            s.version,
            [[c.label, c.what.value, c.you_read, c.you_have, c.server_now] for c in s.changes],
        ]
        for s in steps
    ]
    return hashlib.sha256(orjson.dumps([service, lines])).hexdigest()


def digest_of_versions(steps: Iterable[Step]) -> str:
    """Digest the versions that a plan compared with."""
    return hashlib.sha256(orjson.dumps([[step.id, step.version] for step in steps])).hexdigest()
