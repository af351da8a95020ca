"""Whatever a record, a file or an error says, a page shows it and obeys none of it (law X8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import polars as pl
import pytest
from visiting import Visit

import cellframe as cf
from cellframe.cli import fleet
from cellframe.desk import paper
from cellframe.desk.drafts import Draft
from cellframe.desk.pages.past import Apply
from cellframe.desk.pages.planning import Conflict, Limit
from cellframe.desk.pages.sheets import filename
from cellframe.desk.paper import Here
from cellframe.desk.saying import Told, trouble
from cellframe.errors import ApiError, CellframeError, PlanError, ServerError, SheetError
from cellframe.frames.faults import Fault, table
from tests.hostile import BENIGN, PAYLOADS, bones, unsafe

pytestmark = pytest.mark.law("X8")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def spec(text):
    return SimpleNamespace(id=text, name=text, cells=3, changed=NOW, address="x")


def values(text):
    """Every page, with this text wherever a text is shown."""
    asked = text.replace("\ud800", "")  # an address is UTF-8
    told = [Told(text, text)]
    conflict = Conflict(0, text, text, text, text, text, text, can_keep=True)
    upload = {"spec_id": text, "spec_name": text, "accepted": ".csv"}
    yield "enter", {"title": text, "fault": text, "link": "", "needs_key": True}
    yield "enter", {"title": text, "fault": text, "link": text, "needs_key": True}
    lists = {"specs": [spec(text)], "total": 9, "before": 0, "after": 2, "unfinished": text}
    yield "choose", {"title": text, "asked": asked, "accepted": ".csv", **lists}
    yield "choose", {"title": text, "asked": asked, "accepted": ".csv", **lists, "specs": []}
    yield "spec", {"title": text, "spec": spec(text), "accepted": ".csv"}
    fault = {"heading": text, "fault": text, "more": [text], "faults": told, "total": 300}
    yield "faults", {"title": text, "what": text, "again": True, "back": "/", **fault, **upload}
    yield "stopped", {"title": text, "fault": text, "more": [text]}
    plan = {"heading": text, "at": "/x", "refused": [text], "fragment": "", "sendable": True}
    limits = [Limit("max_deletes", 3, text, [text])]
    counts = {"hidden": 2, "rows_held": 1, "rows_sent": 4, "held_why": text}
    asks = {"conflicts": [conflict], "limits": limits, "note": text, "origin": text}
    yield "plan", {"title": text, "sent": "", **plan, **asks, **counts}
    yield "plan", {"title": text, "sent": "/x", **plan, **asks, **counts}
    came = {"heading": text, "lead": text, "refused": [text], "fragment": "", "left_over": 2}
    able = {"journal": "j", "can_finish": True, "can_undo": True, "specs": [spec(text)]}
    yield "receipt", {"title": text, "at": "/x", **came, **able}
    past = [Apply(when, text, text, "j", can_undo=True, can_finish=True) for when in (NOW, None)]
    yield "history", {"title": text, "applies": past, "total": 900}


def drawn(text):
    here = Here("token", text, "cells")
    return [paper.draw(name, here, **given).decode() for name, given in values(text)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_page_has_the_elements_of_a_benign_one(payload):
    for page, benign in zip(drawn(payload), drawn(BENIGN), strict=True):
        assert bones(page) == bones(benign), payload


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_shown_of_a_page_has_no_control_character(payload):
    shown = paper._environment().from_string("{{ text | shown }}").render(text=payload)
    assert unsafe(shown) == []
    assert len(shown) < 1000


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_text_is_a_plain_name_of_a_file(payload):
    name = filename(payload)
    assert name
    assert not set(name) & set('<>:"/\\|?*')
    assert unsafe(name) == []
    assert "\n" not in name


@pytest.mark.parametrize("payload", PAYLOADS[::3])
def test_an_error_that_says_something_hostile_is_shown_as_text(payload, tmp_path):
    payload = payload.replace("\ud800", "")
    expected = None
    with cf.open_local(tmp_path) as client:
        visit = Visit(client, tmp_path)
        for said in (BENIGN, payload):
            plan_fault = PlanError(said, table([Fault(said, 3, said, said, said, said)]))
            faults = [plan_fault, SheetError(said), ApiError(said), ServerError(said)]
            pages = [_page_of(visit, fault) for fault in (*faults, CellframeError(said))]
            found = [bones(page) for page in pages]
            expected = expected or found
            assert found == expected


def _page_of(visit, fault):
    told = trouble(fault)
    given = {"fault": told.head, "more": told.more[:1], "faults": told.faults, "total": told.total}
    about = {"title": "x", "heading": "x", "what": "", "again": False, "back": "/"}
    return paper.draw("faults", visit.here(), **given, **about).decode()


def lab_called(folder, text):
    """A lab whose spec, cell, notes, column and file are called so, and a file with an edit."""
    client = cf.open_local(folder / "lab")
    made = client.cell_spec.create({**fleet.spec("LFP"), "name": f"LFP {text}"})
    cells = fleet.cells().head(2).with_columns(pl.lit(f"n {text}").alias("notes"))
    client.cell_instance.create_many(cells, spec=made)
    frame = client.cell_instance.to_frame(made)
    edited = frame.with_columns(pl.lit(f"{text} again").alias("notes"), pl.lit(1).alias(f"_{text}"))
    return Visit(client, folder), made, client.cell_instance.plan(edited)


HELD = [one for one in PAYLOADS if one.isprintable()]


def seen(folder, text):
    folder.mkdir()
    visit, made, plan = lab_called(folder, text)
    draft = visit.drafts.add(Draft(replace(plan, notices=(text,)), made.id, f"{text}.csv"))
    at = f"/desk/plans/{draft.name}"
    pages = [visit.get("/desk"), visit.get("/desk", q=text), visit.get(f"/desk/specs/{made.id}")]
    pages += [visit.get(at), visit.post(f"{at}/apply", note=text)]
    pages += [visit.get(f"{at}/receipt"), visit.get("/desk/history")]
    visit.client.close()
    return [bones(page.content.decode()) for page in pages if page.status != 303]


@pytest.mark.parametrize("number", range(0, len(HELD), 6))
def test_a_hostile_lab_is_seen_through_the_pages_of_a_benign_one(number, tmp_path):
    assert seen(tmp_path / "hostile", HELD[number]) == seen(tmp_path / "benign", BENIGN)
