"""Rules 18 to 20: quantities are compared as quantities, and a unit is never guessed."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from writeback_tools import LOADING, MASS, edit

from cellframe.contract.quantities import convert
from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import ConfigError, PlanError
from cellframe.frames.columns import Column, Leaf
from cellframe.writeback.objections import objection

FIELD = CELL_INSTANCE.field("measured_properties")
FAMILIES = [["g", "kg", "mg", "lb", "oz"], ["A.h", "mA.h", "C"], ["mg/cm**2", "g/cm**2", "kg/m**2"]]


@pytest.mark.rule("W18")
def test_values_given_in_another_unit_are_no_edit(client, cells):
    kilograms = cells.with_columns((cells[MASS] / 1000).alias("cell.mass [kg]")).drop(MASS)
    assert not client.cell_instance.plan(kilograms)


@pytest.mark.rule("W18")
@pytest.mark.parametrize("unit", ["kg", "mg", "lb"])
def test_another_unit_over_the_numbers_that_were_read_is_refused(client, cells, unit):
    plan = client.cell_instance.plan(cells.rename({MASS: f"cell.mass [{unit}]"}))
    assert plan.summary == {"create": 0, "update": 0, "unchanged": 0, "invalid": 12}
    assert f"is the number you read in g, now labelled {unit}" in plan.rows[0].message


@pytest.mark.rule("W18")
@pytest.mark.law("D8")
@given(
    st.sampled_from([(s, o, r) for f in FAMILIES for s in f for o in f for r in f if s != o]),
    st.floats(1e-6, 1e6),
)
def test_no_number_passes_under_another_unit(units, number):
    shown, other, own = units
    kept = convert(number, shown, own)
    column = Column(f"cell.x [{other}]", Leaf.QUANTITY, FIELD, ("cell", "x"), other)
    read, seen = convert(kept, own, other), convert(kept, own, shown)
    assume(read != seen)
    broken = objection(CELL_INSTANCE, column, read, seen, shown=[shown])
    assert broken is not None
    assert "now labelled" in broken[0]


@pytest.mark.rule("W18")
def test_another_spelling_of_the_unit_is_no_edit(client, cells):
    assert not client.cell_instance.plan(cells.rename({LOADING: "cathode.loading [mg.cm-2]"}))


@pytest.mark.rule("W18")
def test_one_value_in_a_new_unit_among_relabelled_ones_is_that_rows_edit(client, cells):
    plan = client.cell_instance.plan(
        edit(cells, "c-000", mass=0.05).rename({MASS: "cell.mass [kg]"})
    )
    assert plan.summary["invalid"] == 11
    assert plan.summary["update"] == 1


@pytest.mark.rule("W20")
def test_another_dimension_names_both(client, cells):
    with pytest.raises(PlanError, match="'g' is mass, 'V' is voltage"):
        client.cell_instance.plan(cells.rename({MASS: "cell.mass [V]"}))


@pytest.mark.rule("W20")
def test_a_unit_that_nobody_knows_is_refused(client, cells):
    with pytest.raises(PlanError, match="'grmas' is not a unit"):
        client.cell_instance.plan(cells.rename({MASS: "cell.mass [grmas]"}))


@pytest.mark.rule("W20")
def test_numbers_without_a_unit_are_refused_with_the_label_to_use(client, cells):
    with pytest.raises(PlanError, match=r"Name the column 'cell.mass \[g\]'"):
        client.cell_instance.plan(cells.rename({MASS: "cell.mass"}))


@pytest.mark.rule("W21")
def test_a_new_property_is_noticed_with_the_nearest(client, cells):
    edited = edit(cells, "c-000", **{"cell.polcy": "x"})
    plan = client.cell_instance.plan(edited)
    assert "nearest is 'cell.policy'" in plan.notices[0]


@pytest.mark.rule("W20")
def test_a_pure_number_is_labelled_1(client, cells):
    edited = cells.with_columns(pl.lit(0.5).alias("cell.porosity [1]"))[:1]
    assert client.apply(client.cell_instance.plan(edited))
    stored = client.cell_instance.get("c-000").measured_properties["cell"]["porosity"]
    assert stored == {"value": 0.5, "unit": "1"}


@pytest.mark.rule("W20")
@pytest.mark.rule("W9")
def test_an_extra_key_of_a_quantity_survives_an_edit(client, spec):
    quantity = {"value": 3.0, "unit": "A*h", "method": "C/20"}
    client.cell_instance.create(
        spec, {"name": "a", "measured_properties": {"cell": {"capacity": quantity}}}
    )
    frame = client.cell_instance.to_frame(spec)
    client.apply(client.cell_instance.plan(edit(frame, "a", **{"cell.capacity [A.h]": 3.1})))
    stored = client.cell_instance.get("a").measured_properties["cell"]["capacity"]
    assert stored == {"value": 3.1, "unit": "A*h", "method": "C/20"}


@pytest.fixture
def clashing(client, spec):
    """Three cells: a resistance in ohm, one in V by mistake, and none."""
    for name, unit in (("a", "ohm"), ("b", "V"), ("c", None)):
        quantity = {"dcr": {"value": 1.0, "unit": unit}} if unit else {}
        client.cell_instance.create(spec, {"name": name, "measured_properties": {"cell": quantity}})
    with pytest.warns(UserWarning, match="do not convert into one another"):
        return client.cell_instance.to_frame(spec)


@pytest.mark.rule("W17")
def test_two_columns_that_nobody_edited_are_no_edit(client, clashing):
    assert not client.cell_instance.plan(clashing)


@pytest.mark.rule("W17")
@pytest.mark.parametrize("back", [False, True])
def test_value_and_unit_are_set_in_any_order_of_columns(client, clashing, back):
    edited = edit(clashing, "c", **{"cell.dcr": 5.0, "cell.dcr.unit": "mohm"})
    labels = edited.columns[::-1] if back else edited.columns
    assert client.apply(client.cell_instance.plan(edited[labels]))
    stored = client.cell_instance.get("c").measured_properties
    assert stored == {"cell": {"dcr": {"value": 5.0, "unit": "mohm"}}}


@pytest.mark.rule("W17")
def test_value_and_unit_are_cleared_together(client, clashing):
    edited = edit(clashing, "a", **{"cell.dcr": None, "cell.dcr.unit": None})
    assert client.apply(client.cell_instance.plan(edited))
    assert not client.cell_instance.get("a").measured_properties


@pytest.mark.rule("W18")
def test_a_relabelled_number_is_the_same_number_in_the_new_unit(client, cells):
    one = cells.rename({MASS: "cell.mass [kg]"}).head(1)
    plan = client.cell_instance.plan(one, unit_edit="relabel")
    assert "cell.mass [kg]: 0.041 -> 41" in repr(plan)
    assert client.apply(plan).counts == {"ok": 1}
    stored = client.cell_instance.get("c-000").measured_properties["cell"]["mass"]
    assert (stored["value"], stored["unit"]) == (41000.0, "g")


@pytest.mark.rule("W18")
def test_a_converted_number_is_the_quantity_that_was_read(client, cells):
    renamed = cells.rename({MASS: "cell.mass [kg]"})
    assert not client.cell_instance.plan(renamed, unit_edit="convert")
    edited = renamed.with_columns(pl.lit("x").alias("notes"))
    plan = client.cell_instance.plan(edited, unit_edit="convert")
    assert {c.label for step in plan for c in step.changes} == {"notes"}


@pytest.mark.rule("W18")
@pytest.mark.parametrize(
    ("unit_edit", "stored"),
    [("relabel", {"value": 1.0, "unit": "mohm"}), ("convert", {"value": 1000.0, "unit": "mohm"})],
)
def test_a_unit_of_its_own_column_is_edited_as_it_is_meant(client, clashing, unit_edit, stored):
    edited = edit(clashing, "a", **{"cell.dcr.unit": "mohm"})
    plan = client.cell_instance.plan(edited, unit_edit=unit_edit)
    assert client.apply(plan)
    assert client.cell_instance.get("a").measured_properties == {"cell": {"dcr": stored}}


@pytest.mark.rule("W18")
@pytest.mark.parametrize("unit_edit", ["relabel", "convert"])
def test_a_unit_is_not_edited_over_a_number_that_moved(client, colleague, clashing, unit_edit):
    moved = {"measured_properties": {"cell": {"dcr": {"value": 7.0, "unit": "ohm"}}}}
    colleague.cell_instance.update("a", moved)
    edited = edit(clashing, "a", **{"cell.dcr.unit": "mohm"})
    plan = client.cell_instance.plan(edited, unit_edit=unit_edit)
    assert plan.summary["conflict"] == 1


@pytest.mark.rule("W18")
def test_a_number_that_does_not_convert_is_invalid(client, clashing):
    edited = edit(clashing, "a", **{"cell.dcr.unit": "V"})
    plan = client.cell_instance.plan(edited, unit_edit="convert")
    assert "does not convert" in plan.rows[0].message


def test_another_word_for_edited_units_is_refused(client, cells):
    with pytest.raises(ConfigError, match="'relable' is none of 'relabel'"):
        client.cell_instance.plan(cells, unit_edit="relable")
