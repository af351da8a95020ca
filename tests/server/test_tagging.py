"""Tags of a project, and the tags of many tests at once."""

from __future__ import annotations

import pytest

TAGS = "/cell_measurements/tags"
BULK = f"{TAGS}/bulk"
VALUE = {"r": {"value": 1.0, "unit": "Ohm"}}


@pytest.fixture
def make(call, cell_path):
    def make_(name, *tags, path=cell_path):
        body = {"name": name, "properties": VALUE, "tags": list(tags)}
        return call.made(f"{path}/cell_measurements/create", body)["id"]

    return make_


@pytest.fixture
def tags_of(call):
    return lambda test_id: call("GET", f"/cell_measurements/{test_id}").body["tags"]


def usage(call, query):
    answer = call("GET", f"{TAGS}?{query}")
    assert answer.status == 200, answer.content
    return {item["tag"]: item["usage_count"] for item in answer.body["items"]}


def bulk(call, ids, add=(), remove=()):
    body = {"measurement_ids": list(ids), "add": list(add), "remove": list(remove)}
    return call("POST", BULK, body)


def test_the_tags_of_a_project_are_counted_most_used_first(call, spec, make):
    for number, tags in enumerate([["b", "rpt"], ["B", "rpt"], ["rpt", "a"]]):
        make(f"t-{number}", *tags)
    found = usage(call, f"project_id={spec['project_id']}")
    assert list(found.items()) == [("rpt", 3), ("b", 2), ("a", 1)]


def test_the_tags_are_searched_and_cut_off(call, spec, make):
    make("t", "Ändern", "b_1", "bx1")
    project = f"project_id={spec['project_id']}"
    assert usage(call, f"{project}&q=äNDERN") == {"Ändern": 1}
    assert usage(call, f"{project}&q=B_1") == {"b_1": 1}
    body = call("GET", f"{TAGS}?{project}&limit=2").body
    assert (len(body["items"]), body["count"], body["total"]) == (2, 2, 3)


def test_a_page_of_tags_has_fifty_where_nobody_says(call, spec, make):
    for number in range(2):
        make(f"t-{number}", *(f"{number}-{n:02}" for n in range(30)))
    body = call("GET", f"{TAGS}?project_id={spec['project_id']}").body
    assert (body["count"], body["total"]) == (50, 60)


def test_tags_are_read_as_they_were_too(call, spec, make):
    first, project = make("a", "old"), f"project_id={spec['project_id']}"
    make("b")
    seen = call("GET", "/cell_measurements?limit=1").body["as_of"]
    bulk(call, [first], add=["new"])
    assert usage(call, f"{project}&as_of={seen}") == {"old": 1}
    assert call("GET", f"{TAGS}?{project}").body["as_of"] > seen


def test_another_project_has_tags_of_its_own(call, make):
    make("t", "mine")
    assert usage(call, "project_id=other") == {}


@pytest.mark.parametrize(
    "query", ["", "project_id=p&limit=0", "project_id=p&limit=1001", "project_id=p&limit=x"]
)
def test_a_query_of_tags_that_cannot_be_read_is_refused(call, query):
    assert call("GET", f"{TAGS}?{query}").status == 422


def test_tags_are_no_test(call):
    assert (call("PATCH", TAGS, {}).status, call("GET", BULK).status) == (405, 405)


def test_many_tests_are_tagged_at_once(call, make, tags_of):
    first, second = make("a", "Hot"), make("b")
    answer = bulk(call, [first, second], add=[" hot ", "new"])
    assert (answer.status, answer.body) == (200, {"updated_count": 2})
    assert tags_of(first) == tags_of(second) == ["Hot", "new"]
    assert call("GET", "/cell_measurements?tags_all=HOT&tags_all=new").body["total"] == 2
    assert call("GET", "/cell_measurements?q=new").body["total"] == 2


def test_tagging_again_changes_nothing(call, make):
    test = make("a", "hot")
    before = call("GET", f"/cell_measurements/{test}").body
    assert bulk(call, [test, test], add=["HOT"], remove=["cold"]).body == {"updated_count": 0}
    assert call("GET", f"/cell_measurements/{test}").body == before


def test_tags_are_removed_whatever_their_case(call, make, tags_of):
    first, second = make("a", "Hot", "b"), make("b", "c")
    assert bulk(call, [first, second], remove=[" HOT", ""]).body == {"updated_count": 1}
    assert (tags_of(first), tags_of(second)) == (["b"], ["c"])
    assert call("GET", f"/cell_measurements/{first}").body["version"] == 2
    assert call("GET", "/cell_measurements?tags_any=hot").body["total"] == 0


def test_what_is_removed_and_added_is_there(call, make, tags_of):
    test = make("a", "x")
    assert bulk(call, [test], add=["x"], remove=["x"]).body == {"updated_count": 0}
    assert tags_of(test) == ["x"]


@pytest.mark.parametrize(
    ("add", "status"),
    [
        (["x" * 51], 400),
        ([""], 400),
        (["  "], 400),
        (["a\nb"], 400),
        ([f"n-{n}" for n in range(50)], 400),
        ([5], 422),
        (["x" * 50], 200),
        ([f"n-{n}" for n in range(49)], 200),
    ],
)
def test_tags_have_limits(call, make, tags_of, add, status):
    plain, full = make("a"), make("b", "one")
    assert bulk(call, [plain, full], add=add).status == status
    if status != 200:
        assert (tags_of(plain), tags_of(full)) == ([], ["one"])


def test_one_test_that_is_none_keeps_all_as_they_are(call, make, tags_of):
    test = make("a")
    refusal = bulk(call, [test, "none"], add=["x"])
    assert (refusal.status, refusal.body["error_code"]) == (404, "NOT_FOUND")
    assert refusal.body["detail"] == {"measurement_ids": ["none"]}
    assert tags_of(test) == []


BAD = [{}, {"measurement_ids": "x"}, {"measurement_ids": [], "more": 1}, {"measurement_ids": [1]}]


@pytest.mark.parametrize("body", [*BAD, {"measurement_ids": ["x"] * 1001}])
def test_a_body_of_tags_that_is_none_is_refused(call, body):
    assert call("POST", BULK, body).status == 422


def test_a_thousand_tests_are_tagged_at_once(call, make):
    ids = [make(f"t-{n}") for n in range(20)]
    assert bulk(call, (ids * 50)[:1000], add=["x"]).body == {"updated_count": 20}


def test_tags_take_the_spelling_of_their_own_project(call, make, tags_of):
    other = call.made("/cell_specifications", {"name": "o", "project_id": "p2"})
    cell = call.made(f"/cell_specifications/{other['id']}/cell_instances", {"name": "c"})
    mine, theirs = make("a", "Hot"), make("b", path=f"/cell_instances/{cell['id']}")
    bulk(call, [theirs, mine], add=["HOT"])
    assert (tags_of(mine), tags_of(theirs)) == (["Hot"], ["HOT"])


def test_the_tests_of_a_project_lie_below_its_id_too(call, spec, make):
    for number in range(26):
        make(f"t-{number}", "x" if number else "y")
    path = f"/cell_measurements/by-project/{spec['project_id']}"
    assert (call("GET", path).body["count"], call("GET", path).body["total"]) == (25, 26)
    query = "measurement_type=properties&tags_any=Y&order_by=name&q=T-0&limit=5"
    assert call("GET", f"{path}?{query}").names == ["t-0"]
    asked = call("GET", f"/cell_measurements?project_id={spec['project_id']}").body
    assert call("GET", f"{path}?project_id=other").body == asked
    assert call("GET", "/cell_measurements/by-project/none").status == 404
