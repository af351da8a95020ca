"""Which records a list holds, in which order, and how much of it."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

SPECS = "/cell_specifications"
DAY = 86_400_000_000
NAMES = ["Ärger 1", "b_2", "b%3", "B.4", "eq.5"]


@pytest.fixture
def lab(timed, clock):
    """Five specs, one a day from 2023-11-15 on; the first changed last."""
    for name in NAMES:
        clock.now += DAY
        timed.made(SPECS, {"name": name, "form_factor": name[0]})
    first = timed("GET", f"{SPECS}?order=asc&limit=1").body["items"][0]
    clock.now += DAY
    timed("PATCH", f"{SPECS}/{first['id']}", {"notes": "x"})
    return timed


FILTERS = {
    "name=eq.b_2": ["b_2"],
    "name=b_2": ["b_2"],
    "name=eq.B_2": [],
    "name=eq.eq.5": ["eq.5"],
    "name=B.4": ["B.4"],
    "name=ilike.b%": ["B.4", "b%3", "b_2"],
    "name=ilike.b_2": ["b_2"],
    "name=ilike.%ÄRGER%": ["Ärger 1"],
    "name=ilike.a\u0308%": ["Ärger 1"],
    "name=ilike.%": NAMES[::-1],
    "name=like.b%": ["b%3", "b_2"],
    "name=like.B.4": ["B.4"],
    "name=like.%[b]%": [],
    "name=like.*": [],
    "name=": [],
    "name=x&name=eq.b_2": ["b_2"],
    "form_factor=eq.b": ["b%3", "b_2"],
    "form_factor=ilike.b": ["B.4", "b%3", "b_2"],
    "created_by_email=ilike.%LAB@%": NAMES[::-1],
    "created_by_email=ilike.%nobody%": [],
    "created_at_gt=2023-11-18T22:13:20Z": ["eq.5"],
    "created_at_gt=2023-11-18": ["eq.5", "B.4"],
    "created_at_lt=2023-11-15T22:13:20.000001": ["Ärger 1"],
    "created_at_lt=2023-11-15T22:13:20": [],
    "created_at_gt=2023-11-16T00:00:00Z&created_at_lt=2023-11-17T23:13:20+01:00": ["b_2"],
    "updated_at_gt=2023-11-19T22:13:20Z": ["Ärger 1"],
    "updated_at_lt=2023-11-17T00:00:00Z": ["b_2"],
    "order_by=name&order=asc": ["B.4", "b%3", "b_2", "eq.5", "Ärger 1"],
    "order_by=name": ["Ärger 1", "eq.5", "b_2", "b%3", "B.4"],
    "order_by=updated_at": ["Ärger 1", "eq.5", "B.4", "b%3", "b_2"],
    "order_by=created_at&order=asc": NAMES,
    "limit=2": ["eq.5", "B.4"],
    "limit=2&offset=2": ["b%3", "b_2"],
    "offset=9": [],
    "project_id=none": [],
    "unheard_of=1": NAMES[::-1],
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_list_holds_what_its_query_says(lab, query):
    pairs = (pair.partition("=") for pair in query.split("&"))
    encoded = "&".join(f"{name}={quote_plus(value)}" for name, _, value in pairs)
    answer = lab("GET", f"{SPECS}?{encoded}")
    assert answer.status == 200
    assert answer.names == FILTERS[query]
    assert answer.body["count"] == len(answer.names)
    if not {"limit", "offset"} & set(query.replace("&", "=").split("=")):
        assert answer.body["total"] == len(answer.names)


@pytest.mark.parametrize("page", ["limit=2", "limit=2&offset=4", "limit=2&offset=5", "offset=99"])
def test_the_total_counts_every_match(lab, page):
    assert lab("GET", f"{SPECS}?{page}").body["total"] == 5


REFUSED = [
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=1.5",
    "limit=x",
    "limit=",
    "limit=%D9%A1",
    "limit=99999999999999999999",
    "offset=-1",
    "offset=x",
    "order=up",
    "order_by=id",
    "order_by=notes",
    "created_at_gt=yesterday",
    "created_at_lt=2023-13-01",
    "updated_at_gt=1700000000",
    "updated_at_lt=",
    "full=perhaps",
    "name=a%00",
    "name=" + "x" * 1001,
]


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_cannot_be_read_is_refused_by_name(call, query):
    answer = call("GET", f"{SPECS}?{query}")
    assert answer.status == 422
    assert answer.body["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_every_fault_of_a_query_is_named_at_once(call):
    answer = call("GET", f"{SPECS}?limit=0&order=up&created_at_gt=x")
    assert {item["loc"][1] for item in answer.body["detail"]} == {"limit", "order", "created_at_gt"}


def test_project_id_filters_exactly(call):
    call.made(SPECS, {"name": "a"})
    call.made(SPECS, {"name": "b", "project_id": "p2"})
    assert call("GET", f"{SPECS}?project_id=p2").names == ["b"]


@pytest.fixture
def made_of(call):
    """Three specs of graphite, silicon and both, and the ids of the two materials."""
    parts = {
        "graphite": {"anode": {"material": {"name": "graphite"}}},
        "silicon": {"cathode": {"material": {"name": "silicon"}}},
        "both": {
            "anode": {"material": {"name": "graphite"}},
            "cathode": {"material": {"name": "silicon"}},
        },
        "none": {},
    }
    found = {name: call.made(SPECS, {"name": name, **given}) for name, given in parts.items()}
    return {
        "graphite": found["both"]["anode"]["material_id"],
        "silicon": found["both"]["cathode"]["material_id"],
        "both": found["both"]["id"],
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("material_id={graphite}", ["both", "graphite"]),
        ("material_ids={graphite}&material_ids={silicon}", ["both", "silicon", "graphite"]),
        ("anode_material_id={graphite}", ["both", "graphite"]),
        ("anode_material_id={silicon}", []),
        ("cathode_material_id={silicon}", ["both", "silicon"]),
        ("cathode_material_id={silicon}&exclude_cell_spec_id={both}", ["silicon"]),
        (
            "anode_material_id={graphite}&cathode_material_id={silicon}",
            ["both", "silicon", "graphite"],
        ),
        ("material_id=none", []),
        ("exclude_cell_spec_id={both}", ["none", "silicon", "graphite"]),
    ],
)
def test_specs_are_found_by_what_they_are_made_of(call, made_of, query, names):
    assert call("GET", f"{SPECS}?{query.format(**made_of)}").names == names


@pytest.fixture
def cells(call, cells_path):
    """Two cells of one spec, in two lots, and one of another spec."""
    first = call.made(cells_path, {"name": "a-1", "batch": "L1"})
    call.made(cells_path, {"name": "a-2", "batch": "L2"})
    other = call.made(SPECS, {"name": "other"})
    call.made(f"{SPECS}/{other['id']}/cell_instances", {"name": "b-1", "batch": "L1"})
    return first


@pytest.mark.parametrize(
    ("query", "of_spec", "of_lab"),
    [
        ("", ["a-2", "a-1"], ["b-1", "a-2", "a-1"]),
        ("batch_id={batch_id}", ["a-1"], ["a-1"]),
        ("batch_id=none", [], []),
        ("name=ilike.%25-1", ["a-1"], ["b-1", "a-1"]),
        ("order=asc&limit=1&offset=1", ["a-2"], ["a-2"]),
        ("order_by=name&order=asc", ["a-1", "a-2"], ["a-1", "a-2", "b-1"]),
        ("created_at_gt=2000-01-01&created_by_email=ilike.%25local%25", ["a-2", "a-1"], None),
    ],
)
def test_cells_are_listed_by_spec_and_for_the_whole_lab(
    call, cells, cells_path, query, of_spec, of_lab
):
    asked = query.format(**cells)
    assert call("GET", f"{cells_path}?{asked}").names == of_spec
    if of_lab is not None:
        assert call("GET", f"/cell_instances?{asked}").names == of_lab


def test_lots_are_listed_by_spec_and_name(call, cells, spec_path):
    assert call("GET", f"{spec_path}/cell_batches").names == ["L2", "L1"]
    assert call("GET", f"{spec_path}/cell_batches?name=ilike.%25l1%25").names == ["L1"]
    assert call("GET", f"{spec_path}/cell_batches?name=eq.L2").names == ["L2"]
