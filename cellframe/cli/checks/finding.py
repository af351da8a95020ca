"""What does a check say?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing stands, from good to bad.

    Attributes
    ----------
    OK
        As it should be.
    ATTENTION
        It works, and may not be what is wanted.
    FAULT
        It does not work.
    AWAY
        The service does not answer.
    """

    OK = "ok"
    ATTENTION = "attention"
    FAULT = "fault"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    topic : str
        What, in one or two words.
    words : str
        How it is.
    state : State
        How that is to be taken.
    advice : str
        What to do; empty where there is nothing to do.
    """

    topic: str
    words: str
    state: State = State.OK
    advice: str = ""
