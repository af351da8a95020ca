"""Tags and the tests of a project, from our client."""

from __future__ import annotations

import pytest

from cellframe.errors import InvalidRecordError, NotFoundError
from cellframe.resources.tagging import TagUsage

PROJECT = "Default project"


@pytest.fixture
def tests(client, spec):
    cell = client.cell_instance.create(spec, {"name": "c"})
    create = client.cell_measurement.create_properties
    value = {"r": {"value": 1.0, "unit": "Ohm"}}
    return [create(cell, name, value) for name in ("a", "b")]


def test_tests_are_tagged_and_counted(client, tests):
    tagging = client.cell_measurement
    assert tagging.add_tags(tests, ["Hot", "rpt"]) == 2
    assert tagging.add_tags(tests[0], ["HOT"]) == 0
    assert tagging.remove_tags([tests[1].id], ["hot"]) == 1
    assert tagging.list_tags(PROJECT) == [TagUsage("rpt", 2), TagUsage("Hot", 1)]
    assert tagging.list_tags(PROJECT, "HO") == [TagUsage("Hot", 1)]
    assert len(tagging.list_tags(PROJECT, limit=1)) == 1


def test_tests_are_tagged_by_name(client, tests):
    assert client.cell_measurement.add_tags(["a", tests[1]], ["x"]) == 2
    assert client.cell_measurement.remove_tags("a", ["x"]) == 1


def test_a_test_that_there_is_not_keeps_all_as_they_are(client, tests):
    with pytest.raises(NotFoundError, match="'none'"):
        client.cell_measurement.add_tags([tests[0], "none"], ["x"])
    with pytest.raises(InvalidRecordError, match="51 characters"):
        client.cell_measurement.add_tags(tests, ["x" * 51])
    assert client.cell_measurement.list_tags(PROJECT) == []


def test_the_tests_of_a_project_are_listed(client, tests):
    client.cell_measurement.add_tags(tests[0], ["x"])
    listed = client.cell_measurement.list_by_project
    assert {one.name for one in listed(PROJECT)} == {"a", "b"}
    assert [one.name for one in listed(PROJECT, tags_all=["X"], q="a")] == ["a"]
    page = listed(client.project.get(PROJECT), limit=1, order_by="name", order="asc")
    assert ([one.name for one in page], page.total) == (["a"], 2)
    with pytest.raises(NotFoundError, match="Did you mean"):
        listed("default project")
