"""The unit of a label: what is asked for, the client's, the spec's, the usual one, the earliest."""

from __future__ import annotations

import pytest

from cellframe.client import Client
from cellframe.contract.records import CELL_INSTANCE
from cellframe.frames.columns import survey
from cellframe.frames.units import choose

PLACE = ("measured_properties", ("cathode", "loading"))
OTHER = ("measured_properties", ("cell", "gizmo"))
SPEC = {"cathode": {"properties": {"loading": {"value": 1.0, "unit": "g/cm**2"}}}}


def cell(unit, at=1, path=("cathode", "loading")):
    quantity = {"value": 1.0, "unit": unit}
    properties = {path[0]: {path[1]: quantity}}
    return {"created_at": f"2026-01-0{at}T00:00:00Z", "measured_properties": properties}


def unit_of(*records, asked=None, spec=None, place=PLACE):
    return choose(CELL_INSTANCE, survey(CELL_INSTANCE, records), asked or {}, spec)[place]


def test_what_is_asked_for_stands_above_all():
    assert unit_of(cell("mg.cm-2"), asked={"cathode.loading": "kg/m**2"}, spec=SPEC) == "kg/m**2"


def test_the_specs_unit_stands_above_the_usual_one():
    assert unit_of(cell("mg.cm-2"), spec=SPEC) == "g/cm**2"


def test_the_usual_unit_stands_above_the_records_own():
    assert unit_of(cell("g/cm**2")) == "mg/cm**2"


def test_the_earliest_record_decides_where_nothing_else_does():
    records = [cell("mm", 3, OTHER[1]), cell("mm", 2, OTHER[1]), cell("um", 1, OTHER[1])]
    assert unit_of(*records, place=OTHER) == "um"
    assert unit_of(*records[:2], place=OTHER) == "mm"


def test_a_spec_of_another_dimension_is_passed_over():
    spec = {"cathode": {"properties": {"loading": {"value": 1.0, "unit": "V"}}}}
    assert unit_of(cell("mg.cm-2"), spec=spec) == "mg/cm**2"


@pytest.mark.parametrize("group", ["properties", "ratings"])
def test_a_cells_own_property_is_looked_up_on_the_spec(group):
    spec = {group: {"mass": {"value": 1.0, "unit": "kg"}}}
    path = ("cell", "mass")
    assert unit_of(cell("g", path=path), spec=spec, place=("measured_properties", path)) == "kg"


@pytest.mark.parametrize(
    "spec", [{}, {"cathode": None}, {"cathode": {"properties": "x"}}, {"cathode": 1}]
)
def test_an_odd_spec_is_passed_over(spec):
    assert unit_of(cell("mg.cm-2"), spec=spec) == "mg/cm**2"


def test_units_that_clash_are_none_and_a_warning_names_them():
    with pytest.warns(UserWarning, match="'V', 'g'"):
        assert unit_of(cell("g"), cell("V", 2)) is None


def test_a_unit_asked_for_that_does_not_fit_is_a_warning():
    with pytest.warns(UserWarning, match="asks for 'cathode.loading' in 'V'") as caught:
        assert unit_of(cell("g/cm**2"), asked={"cathode.loading": "V"}) is None
    assert caught[0].filename == __file__


def test_a_quantity_without_a_unit_is_a_pure_number():
    record = {"measured_properties": {"cell": {"gizmo": {"value": 1.0, "unit": None}}}}
    assert unit_of(record, place=OTHER) == "1"


def test_the_argument_stands_above_the_clients(client, cells, spec, tmp_path):
    units = {"cell.mass": "mg", "cathode.loading": "g/cm**2"}
    other = Client.over(client._wire, tmp_path / "other", units=units)
    frame = other.cell_instance.to_frame(spec, units={"cell.mass": "kg"})
    assert {"cell.mass [kg]", "cathode.loading [g/cm**2]"} <= set(frame.columns)
    assert frame["cell.mass [kg]"][0] == 0.041
    assert not other.cell_instance.plan(frame)


def test_the_specs_ratings_unit_is_shown(client, spec):
    client.cell_spec.update(spec, {"ratings": {"capacity": {"value": 1100.0, "unit": "mA*h"}}})
    properties = {"cell": {"capacity": {"value": 1.1, "unit": "A*h"}}}
    client.cell_instance.create(spec, {"name": "c", "measured_properties": properties})
    assert client.cell_instance.to_frame(spec)["cell.capacity [mA.h]"].to_list() == [1100.0]
