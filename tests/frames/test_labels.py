"""Labels: every path has one, and one comes back as its path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.records import CELL_INSTANCE, CELL_SPEC, KINDS
from cellframe.frames.columns import escape, label_of, leaf_columns, parse, plain_columns, survey
from cellframe.frames.units import choose

PROPERTIES = CELL_INSTANCE.field("measured_properties")
# A name on a record has no control characters: the service refuses them.
characters = st.characters(exclude_categories=["Cc", "Cs"])
awkward = st.text(
    st.sampled_from([*".[]\\ _#\u00a0\u3000[.", "a", "é", "*"]), min_size=1, max_size=6
)
names = awkward | st.text(characters, min_size=1, max_size=8)
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
units = st.none() | st.sampled_from(["g", "mg/cm**2", "1", "%", "°C", "A.h"])


@given(paths, units)
def test_a_label_comes_back_as_its_path_and_unit(path, unit):
    assert parse(label_of(PROPERTIES, path, unit)) == (path, unit)


@given(paths, paths, units)
def test_two_paths_never_share_a_label(path, other, unit):
    same = label_of(PROPERTIES, path, unit) == label_of(PROPERTIES, other, unit)
    assert same is (path == other)


@pytest.mark.parametrize(
    ("label", "path", "unit"),
    [
        ("cathode.loading [mg/cm**2]", ("cathode", "loading"), "mg/cm**2"),
        (" cathode . loading  [ mg/cm**2 ] ", ("cathode", "loading"), "mg/cm**2"),
        (r"cell.4\.2 V \[x] [g]", ("cell", "4.2 V [x]"), "g"),
        ("capacity [A.h]", ("capacity",), "A.h"),
        ("cell.mass", ("cell", "mass"), None),
        ("cell.mass []", ("cell", "mass"), ""),
        ("", ("",), None),
        ("\\", ("\\",), None),
    ],
)
def test_labels_as_people_write_them(label, path, unit):
    assert parse(label) == (path, unit)


@given(st.text(max_size=20))
def test_any_text_as_a_label_is_read(text):
    path, _ = parse(text)
    assert len(path) >= 1


def test_a_plain_name_needs_no_escape():
    assert escape("loading mg") == "loading mg"


def columns_of(kind, *records):
    seen = survey(kind, records)
    return leaf_columns(kind, seen, choose(kind, seen, {}, None))


@given(
    st.dictionaries(
        names,
        st.just({"value": 1.0, "unit": "g"}) | st.just("x"),
        min_size=1,
        max_size=4,
    )
)
def test_no_property_shares_a_label_with_another_column(properties):
    leaves = columns_of(CELL_INSTANCE, {"measured_properties": properties})
    labels = [c.label for c in [*plain_columns(CELL_INSTANCE, everything=True), *leaves]]
    labels += [CELL_INSTANCE.version, CELL_INSTANCE.parent_noun]
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if label.startswith(("_", "#"))]


TAKEN = ["notes", "batch", "spec", "cell", "name", "instance_id", "instance_version", "spec_id"]
TAKEN += ["date_manufactured", "_action", "_x", "#x"]


@pytest.mark.parametrize("name", TAKEN)
def test_a_property_named_like_a_column_carries_its_fields_name(name):
    (column,) = columns_of(CELL_INSTANCE, {"measured_properties": {name: "x"}})
    assert column.label == f"measured_properties.{name}"


@pytest.mark.parametrize("name", ["_y", "y", "notes", "measured_properties"])
@pytest.mark.filterwarnings("ignore:The units of")
def test_a_property_named_like_the_unit_beside_another_has_a_label_of_its_own(name):
    in_two_units = [{"value": 1, "unit": unit} for unit in ("g", "V")]
    values = [*in_two_units, {"unit": "x", "text": {"unit": "x"}}]
    leaves = columns_of(CELL_INSTANCE, *({"measured_properties": {name: one}} for one in values))
    assert len({column.label for column in leaves}) == len(leaves) == 4


@pytest.mark.parametrize("kind", KINDS.values())
def test_no_two_columns_of_a_kind_share_a_label(kind):
    labels = [column.label for column in plain_columns(kind, everything=True)]
    assert len(set(labels)) == len(labels)


def test_a_components_material_is_a_column_by_name():
    record = {"cathode": {"material": {"name": "NMC811"}, "properties": None}}
    assert [c.label for c in columns_of(CELL_SPEC, record)] == ["cathode.material"]
