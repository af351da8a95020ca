"""Records read by column are the frame that a look at every cell gives, whatever they hold."""

from __future__ import annotations

import time
import warnings

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe.contract.pages import NoPageError
from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC
from cellframe.frames import rows as rows_of
from cellframe.frames import typed
from cellframe.frames.columns import arrange, leaf_columns, plain_columns
from cellframe.frames.rows import Rows
from cellframe.frames.shapes import Shapes
from cellframe.frames.units import choose

TIME = "2026-01-01T10:00:00.123456+00:00"


@pytest.fixture(autouse=True)
def _however_few(monkeypatch):
    """Small pages are read by column too, and not all of them at once."""
    monkeypatch.setattr(rows_of, "FEW", 0)
    monkeypatch.setattr(typed, "_AT_ONCE", 256)


def frame_of(kind, rows, parents):
    """What a frame is made of: columns, units, values, faults."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        seen = rows.survey()
        units = choose(kind, seen, {}, None)
    leaves = leaf_columns(kind, seen, units)
    columns = arrange(kind, plain_columns(kind, everything=True), leaves)
    frame, faults = rows.decode(columns, parents)
    return seen, [str(one.message) for one in said], columns, frame, faults


def both(kind, pages, shapes=None):
    """Read pages by column and cell by cell; return whether columns were enough, and the frame."""
    shapes = shapes or Shapes(kind)
    parents = {"s": "Spec", "s2": "Other"}
    by_column, by_cell = Rows(kind, pages, shapes), Rows(kind, pages)
    try:
        *wanted, frame, faults = frame_of(kind, by_cell, parents)
    except NoPageError:
        with pytest.raises(NoPageError):
            frame_of(kind, by_column, parents)
        return None
    *found, same, same_faults = frame_of(kind, by_column, parents)
    assert (found, same_faults) == (wanted, faults)
    assert [list(at.units) for at in found[0].values()] == [
        list(at.units) for at in wanted[0].values()
    ]
    assert_frame_equal(same, frame, check_exact=True)
    assert repr(same.rows()) == repr(frame.rows()), "a zero has a sign"
    assert by_column.sizes == by_cell.sizes
    assert by_column.index().equals(by_cell.index())
    return not by_column._decoded, same


def page(*records):
    return orjson.dumps([{"id": f"i{n}", "name": f"c{n}", **one} for n, one in enumerate(records)])


def measured(*properties, **more):
    return page(*({"measured_properties": one, **more} for one in properties))


# --- anything at all -----------------------------------------------------------------------------

NUMBERS = """0 -0 -0.0 1 15 0.1 4.1 2500 1e-7 1.5e3 1e22 9007199254740993 18446744073709551616
    123456789012345678901234567890 1e400 NaN -Infinity null"""
numbers = st.sampled_from(NUMBERS.split()) | st.floats(allow_nan=False, allow_infinity=False).map(
    lambda one: orjson.dumps(one).decode()
)
units = st.sampled_from(
    ['"g"', '"mg"', '"g"', '"A.h"', '"mA*h"', '"V"', '"degC"', '"K"', '""', "null"]
)
names = st.sampled_from(
    ["mass", "a.b", "a[b", "value", "unit", "é", "dicke µm", "", " x", "_y", "a\\"]
)
quantity = st.builds(lambda v, u: f'{{"value":{v},"unit":{u}}}', numbers, units)
usual = st.builds(
    '{{"value":{:.3f},"unit":"{}"}}'.format, st.floats(0, 9), st.sampled_from(["g", "mg"])
)
ODD_LEAVES = r"""
    {"unit":"g"}
    {}
    {"value":null}
    {"value":1}
    {"value":"x"}
    {"value":1,"unit":5}
    {"value":2,"unit":"g","std":0.1}
    {"value": null , "unit":"g"}
    {"value":1,"value":2,"unit":"g"}
    {"value":1,"unit":"g","more":{"value":null}}
    {"valu\u0065":null,"unit":"g"}
    {"deep":{"er":"x"}}
    [{"a":1}]
    []
    5
    true
    "text"
    "a,NaN"
    "\u0000"
    "\ud800"
"""
odd = st.sampled_from(ODD_LEAVES.strip().splitlines())
leaf = usual | usual | usual | quantity | odd | st.just("null")


def joined(pairs):
    return "{" + ",".join(f"{orjson.dumps(key).decode()}:{value}" for key, value in pairs) + "}"


objects = st.lists(st.tuples(names, leaf), max_size=3).map(joined)
properties = st.lists(st.tuples(names, leaf | objects), max_size=4).map(joined)
steady = st.lists(
    st.tuples(st.sampled_from(["mass", "a.b"]), usual), max_size=2, unique_by=lambda one: one[0]
).map(joined)
texts = st.sampled_from(['"x"', '""', "null", '"µ"', "7", '"2026-01-05"', '"soon"', '"\\u00e9"'])
DATES = f"""
    {TIME}
    2026-01-05T00:00:00Z
    2026-01-05
    20260105
    1026-01-05
    2026-01-05 10:00:00
    2026-02-30T00:00:00Z
    2026-01-05T10:00:00+05:30
    soon
"""
dates = st.sampled_from([*(f'"{one.strip()}"' for one in DATES.strip().splitlines()), "null", "5"])
versions = st.sampled_from(["1", "7", "null", "7.5", "true", '"7"', "99999999999999999999"])
parents = st.sampled_from(['"s"', '"s2"', '"gone"', "null"])
fields = {
    "measured_properties": properties | steady | steady | steady | st.sampled_from(["null", "[]", "5"]),
    "notes": texts,
    "batch": st.just("null") | st.just('"L1"'),
    "batch_name": st.just("null") | st.just('"L2"'),
    "date_manufactured": dates,
    "created_at": dates,
    "updated_at": dates,
    "version": versions,
    "cell_specification_id": parents,
    "from_the_future": leaf,
}  # fmt: skip


@st.composite
def records(draw):
    own = draw(st.sets(st.sampled_from(sorted(fields)), max_size=6))
    id_ = draw(st.text("ab", min_size=1, max_size=3))
    pairs = [("id", f'"{id_}"'), ("name", f'"{id_}"'), *((key, draw(fields[key])) for key in own)]
    return joined(pairs)


page_of = st.lists(records(), max_size=5).map(lambda all_: f"[{','.join(all_)}]".encode())


@pytest.mark.law("R9")
@given(st.lists(page_of, min_size=1, max_size=3))
@example([measured({"a": {"unit": "g"}}, {"a": {"value": 1.0, "unit": "g"}})])
def test_both_ways_give_the_same_frame(pages):
    both(CELL_INSTANCE, pages)


# --- what labs write ------------------------------------------------------------------------------

lab_units = st.sampled_from(
    [["g", "mg", "kg"], ["A.h", "mA*h", "mAh"], ["degC", "K"], ["V", "g"], ["", "1"]]
)
lab_numbers = (
    st.floats(-1e6, 1e6).filter(bool)
    | st.integers(1, 2**53 - 1)
    | st.sampled_from([4.1, 0.3, 1e-9])
)


@st.composite
def lab_pages(draw):
    """Pages of cells with quantities in units of one or several kinds, ragged, with nulls."""
    places = draw(st.lists(names.filter(lambda one: one not in {"value", "unit"}), min_size=1, max_size=3, unique=True))  # fmt: skip
    of_place = {place: draw(lab_units) for place in places}

    def cell():
        found = draw(st.sets(st.sampled_from(places)))
        return {
            place: {"value": draw(lab_numbers | st.none()), "unit": draw(st.sampled_from(of_place[place]))}
            for place in sorted(found)
        }  # fmt: skip

    created = st.sampled_from([TIME, "2025-01-01T00:00:00Z"])
    return [
        measured(*({"cell": cell(), "note": "x"} for _ in range(draw(st.integers(1, 4)))), created_at=draw(created), version=draw(st.integers(1, 9)))
        for _ in range(draw(st.integers(1, 3)))
    ]  # fmt: skip


@given(lab_pages())
def test_quantities_of_any_units_are_read_by_column(pages):
    is_columnwise, _ = both(CELL_INSTANCE, pages)
    assert is_columnwise


# --- one by one ----------------------------------------------------------------------------------

G = {"value": 41.0, "unit": "g"}


def test_a_key_of_the_last_record_of_many_pages_is_learned():
    pages = [*[measured({"a": G}, {"a": G})] * 4, measured({"a": G}, {"b": G}), measured({"a": G})]
    is_columnwise, frame = both(CELL_INSTANCE, pages)
    assert is_columnwise
    assert frame["b [g]"].to_list().count(41.0) == 1


def test_what_was_learned_serves_the_next_reading():
    shapes = Shapes(CELL_INSTANCE)
    assert both(CELL_INSTANCE, [measured({"a": G, "t": "x"})], shapes)[0]
    is_columnwise, frame = both(CELL_INSTANCE, [measured({"b": G})], shapes)
    assert is_columnwise
    assert not [label for label in frame.columns if label.startswith(("a", "t"))]


def test_pages_are_read_while_others_come():
    known, latest = Shapes(CELL_INSTANCE), time.monotonic() + 5

    def coming():
        yield from [measured({"a": G})] * 9
        while known.is_new and time.monotonic() < latest:
            time.sleep(0.001)
        yield measured({"a": G})

    Rows(CELL_INSTANCE, coming(), known)
    assert not known.is_new


def test_three_hundred_properties_are_read_by_column():
    many = {f"p{n}": {"value": n + 0.5, "unit": "mV"} for n in range(300)}
    is_columnwise, frame = both(CELL_INSTANCE, [measured({"cell": many}, {"cell": {}})] * 2)
    assert is_columnwise
    assert frame["cell.p299 [mV]"].to_list() == [299.5, None] * 2


ODD = {
    "text where a number was": '{"value":"heavy","unit":"g"}',
    "a text where a quantity was": '"not weighed"',
    "no value": '{"unit":"g"}',
    "a null value": '{"value":null,"unit":"g"}',
    "nothing in it": "{}",
    "more than 64 bits": '{"value":1180591620717411303424,"unit":"g"}',
    "digits that a float has not": '{"value":9007199254740995,"unit":"mg"}',
    "NaN": '{"value":NaN,"unit":"g"}',
    "an infinity": '{"value":-Infinity,"unit":"g"}',
    "too large": '{"value":1e400,"unit":"g"}',
    "a zero with a sign": '{"value":-0,"unit":"g"}',
    "no UTF-8": '{"value":1,"unit":"\udcff"}',
    "half a surrogate": '{"value":1,"unit":"\\ud800"}',
    "a key twice": '{"value":1,"value":2,"unit":"g"}',
    "a unit twice": '{"value":1,"unit":"g","unit":"kg"}',
    "a number as its unit": '{"value":1,"unit":5}',
    "more keys": '{"value":1,"unit":"g","std":0.1,"by":{"value":null}}',
    "another dimension": '{"value":1,"unit":"V"}',
    "an escaped key": '{"valu\\u0065":null,"unit":"g"}',
    "a key that ends like one": '{"unit":"g","x\\"value":null}',
    "a truth": "true",
    "a number alone": "5",
    "a list": '[{"value":1,"unit":"g"}]',
    "deeper": '{"more":{"value":1,"unit":"g"}}',
    "deep": '{"a":' * 900 + "1" + "}" * 900,
    "deeper than any record": '{"a":' * 2000 + "1" + "}" * 2000,
}


@pytest.mark.law("R9")
@pytest.mark.parametrize("one", ODD.values(), ids=list(ODD))
def test_one_odd_cell_is_what_a_look_at_it_says(one):
    text = f'[{{"id":"x","name":"x","measured_properties":{{"cell":{{"m":{one}}}}}}}]'
    usual, odd = measured({"cell": {"m": G}}), text.encode("utf-8", "surrogateescape")
    for pages in ([usual, odd, usual], [odd, usual], [usual, usual, odd]):
        both(CELL_INSTANCE, pages)


def test_a_null_elsewhere_stands_for_no_missing_value():
    odd = {"measured_properties": {"m": {"unit": "g"}}, "more": {"value": None}}
    both(CELL_INSTANCE, [page({"measured_properties": {"m": G}}, odd)])


PLAIN = {
    "a number in a text": {"notes": 5},
    "a date that is none": {"date_manufactured": "soon"},
    "a date of another form": {"date_manufactured": "2026-W01-1"},
    "a version that is text": {"version": "7"},
    "a lot in both eras": {"batch": "L1", "batch_name": None},
    "a lot of the newer era": {"batch": "L1", "batch_name": "L2"},
    "a lot of the older era": {"batch": "L1"},
    "no time": {"updated_at": None},
    "a field from the future": {"score": {"a": [1, "x"]}},
    "no id": {"id": None},
    "a number as its id": {"id": 5},
}


@pytest.mark.law("R9")
@pytest.mark.parametrize("more", PLAIN.values(), ids=list(PLAIN))
def test_one_odd_field_is_what_a_look_at_it_says(more):
    for pages in ([page({}), page(more)], [page(more, {})], [page(*[{"notes": "x"}] * 3, more)]):
        both(CELL_INSTANCE, pages)


def test_a_page_over_several_lines_is_read_by_column():
    lines = orjson.dumps(orjson.loads(measured({"a": G}, {"a": G})), option=orjson.OPT_INDENT_2)
    assert both(CELL_INSTANCE, [lines, measured({"a": G}), lines, lines])[0]


@pytest.mark.parametrize("more", [b',{"id":"b"}', b']}\n{"items":[]', b"", b"]]"])
def test_what_is_no_page_is_told_as_such(more):
    assert both(CELL_INSTANCE, [page({}), b'[{"id":"a","name":"a"}' + more, page({})]) is None


def test_texts_that_look_like_no_number_are_read_by_column():
    assert both(CELL_INSTANCE, [page({"notes": "Infrared, no NaN"}, {"notes": "NaN"})])[0]


def test_tests_are_read_by_column():
    test = {
        "tags": ["a;b", "c\\d"],
        "start_time": TIME,
        "end_time": "2026-01-01T10:00:00",
        "protocol": {"name": "p", "ambient_temperature_degc": 25, "definition": [{"a": [1, 2.5]}]},
        "test_setup": {"cycler": "c", "channel_number": 7},
        "properties": {"R": {"value": 1, "unit": "mOhm"}},
        "step_labels_validated": True,
        "file_metadata": {"sizes": [1, 2], "x": None},
    }
    half = {"tags": None, "protocol": None, "test_setup": {}, "cell_instance_id": "s"}
    assert both(CELL_MEASUREMENT, [page(test, half, {"tags": []}), page(half)])[0]
    assert not both(CELL_MEASUREMENT, [page(test, {"tags": ["a", None]})])[0]
    assert not both(CELL_MEASUREMENT, [page({"tags": []}, {"tags": ["a", None]})])[0]
    assert not both(CELL_MEASUREMENT, [page(test, {"test_setup": {"channel_number": "2-13"}})])[0]


def test_specs_with_their_parts_are_read_by_column():
    part = {"properties": {"loading": G, "by": "x"}, "material": {"id": "m", "name": "NMC"}}
    spec = {"ratings": {"capacity": G}, "properties": {"mass": G}, "cathode": part, "anode": None}
    assert both(CELL_SPEC, [page(spec, {"cathode": {"properties": {}}}, {})])[0]
    mixed = {"cathode": {"properties": {"material": "x"}, "material": {"name": "y"}}}
    assert not both(CELL_SPEC, [page(spec, mixed)])[0]


def test_nothing_at_all_has_the_columns_of_its_kind():
    for pages in ([], [b"[]"], [b"[]", b" [ ] "]):
        assert both(CELL_INSTANCE, pages)[1].height == 0
