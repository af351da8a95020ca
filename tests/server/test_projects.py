"""Projects: records of their own, and what belongs to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config

from cellframe.server import schema

SPECS = "/cell_specifications"
PROJECTS = "/projects"


@pytest.fixture
def project(call):
    return call.made(PROJECTS, {"name": "Pouch cells", "description": "x"})


@pytest.fixture
def path(project):
    return f"{PROJECTS}/{project['id']}"


def test_there_is_one_project_to_begin_with(call, spec):
    (only,) = call("GET", PROJECTS).body["items"]
    assert (only["name"], only["id"]) == ("Default project", spec["project_id"])
    assert call("GET", f"{PROJECTS}/{only['id']}").body == only
    assert only["organization_id"] == spec["organization_id"]


def test_a_project_is_made_read_changed_and_deleted(call, project, path):
    assert call("GET", path).body == project
    changed = call("PATCH", path, {"description": None, "name": "Pouch"})
    assert (changed.body["description"], changed.body["version"]) == (None, 2)
    assert call("PATCH", path, {"name": "Pouch"}).body == changed.body
    assert call("DELETE", path, if_match='"1"').status == 412
    assert (call("DELETE", path).status, call("GET", path).status) == (204, 404)


def test_two_projects_of_one_name_there_are_not(call, project, path):
    other = call.made(PROJECTS, {"name": "Other"})
    refusals = [
        call("POST", PROJECTS, {"name": "Other"}),
        call("PATCH", path, {"name": "Other"}),
    ]
    for refusal in refusals:
        assert (refusal.status, refusal.body["error_code"]) == (409, "CONFLICT")
        assert refusal.body["detail"] == {"existing_id": other["id"]}
    assert call("POST", PROJECTS, {"name": "other"}).status == 201


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "color": "red"}, {"name": 1}])
def test_a_body_that_is_no_project_is_refused(call, body):
    assert call("POST", PROJECTS, body).status == 422


def test_projects_are_listed_by_name(call, project):
    assert call("GET", f"{PROJECTS}?name=ilike.%25POUCH%25").names == ["Pouch cells"]
    assert call("GET", f"{PROJECTS}?order_by=name&order=asc&limit=1").names == ["Default project"]
    assert call("GET", f"{PROJECTS}?name=eq.pouch").body["total"] == 0


def test_the_specs_of_a_project_are_a_plain_array(call, spec, project, path):
    made = [
        call.made(SPECS, {"name": name, "project_id": project["id"], "anode": {}}) for name in "ab"
    ]
    found = call("GET", f"{path}/cell_specs").body
    assert [one["id"] for one in found] == [one["id"] for one in made[::-1]]
    assert found == call("GET", f"{SPECS}?project_id={project['id']}").body["items"]
    assert call("GET", f"{PROJECTS}/none/cell_specs").status == 404


def test_one_name_may_be_in_two_projects(call, spec, project):
    twin = {"name": spec["name"], "project_id": project["id"]}
    assert call.made(SPECS, twin)["id"] != spec["id"]
    refusal = call("POST", SPECS, twin)
    assert (refusal.status, "existing_id" in refusal.body["detail"]) == (409, True)


def test_a_project_that_holds_specs_stays(call, project, path):
    spec = call.made(SPECS, {"name": "a", "project_id": project["id"]})
    refusal = call("DELETE", path)
    assert (refusal.status, refusal.body["detail"]["existing_id"]) == (409, spec["id"])
    assert call("GET", f"{SPECS}/{spec['id']}").status == 200
    call("DELETE", f"{SPECS}/{spec['id']}")
    assert call("DELETE", path).status == 204


def test_the_built_in_project_stays(call, spec, spec_path):
    call("DELETE", spec_path)
    assert call("DELETE", f"{PROJECTS}/{spec['project_id']}").status == 409
    assert call.made(SPECS, {"name": "again"})["project_id"] == spec["project_id"]


def test_the_materials_of_a_project_go_with_it(call, project, path, folder):
    anode = {"material": {"name": "graphite"}, "properties": {"a": "b"}}
    body = {"name": "a", "project_id": project["id"], "anode": anode}
    call("DELETE", f"{SPECS}/{call.made(SPECS, body)['id']}")
    call("DELETE", path)
    with closing(sqlite3.connect(folder / schema.FILE_NAME)) as database:
        for table in ("materials", "components"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_project_that_a_spec_names_is_made(call):
    call.made(SPECS, {"name": "a", "project_id": "p-1"})
    call.made(SPECS, {"name": "b", "project_id": "p-1"})
    assert call("GET", f"{PROJECTS}/p-1").body["name"] == "p-1"
    assert call("GET", PROJECTS).body["total"] == 2


def test_the_name_of_a_project_is_not_taken_for_its_id(call, project):
    refusal = call("POST", SPECS, {"name": "a", "project_id": project["name"]})
    assert (refusal.status, refusal.body["detail"]) == (400, {"field": "project_id"})
    assert project["id"] in refusal.message


@pytest.mark.law("S10")
def test_an_older_folder_gets_a_project_for_each_that_its_specs_name(opened):
    first = opened()
    named = [("a", "p-1"), ("b", "p-1"), ("c", "p-2"), ("d", None)]
    sent = [{"name": name, "project_id": project} for name, project in named]
    default = [first.made(SPECS, body) for body in sent][-1]["project_id"]
    config = Config()
    config.set_main_option("script_location", schema._SCRIPTS)
    with first.service._database.write() as work:
        config.attributes["connection"] = work.connection
        command.downgrade(config, "0002")
    first.service.close()
    found = opened()("GET", PROJECTS).body["items"]
    assert {one["id"]: one["name"] for one in found} == {
        "p-1": "p-1",
        "p-2": "p-2",
        default: "Default project",
    }
