"""Everything that the public client does with records of measurements, in each era."""

from __future__ import annotations

import pytest


def test_a_series_comes_back_as_it_was_sent(measure):
    measure("""
sent = series()
made = make("t", sent, notes="x", protocol={"name": "RPT"}, test_setup={"cycler": "A"},
            start_time="2026-01-05T10:00:00Z")
assert made.processing_status == "ready" and made.steps_created == 4
assert made.cell_instance_id == cell.id and made.measurement_type == "time_series"
assert made.protocol == {"name": "RPT"} and made.notes == "x"
read = tests.time_series(made.id)
assert read.equals(sent) and read.schema == sent.schema
assert tests.get(made.id).model_dump() == {
    k: v for k, v in made.model_dump().items() if k != "steps_created"}
""")


def test_a_name_is_taken_once_and_found_again(measure):
    measure("""
first = make("t", notes="first")
refusal = refused(make, "t")
assert (refusal.status_code, refusal.error_code) == (409, "CONFLICT")
assert refusal.data["detail"]["existing_id"] == first.id
again = tests.create_or_get(cell.id, {
    "measurement": {"name": "t", "notes": "second"}, "time_series": series()})
assert (again.id, again.notes) == (first.id, "first")
new = tests.create_or_get(cell.id, {"measurement": {"name": "new"}, "time_series": series()})
assert new.id != first.id
assert refused(tests.create, "none", {
    "measurement": {"name": "t"}, "time_series": series()}).status_code == 404
""")


def test_measurements_are_listed_with_every_filter(measure):
    measure("""
a = make("Alpha", start_time="2026-01-05T10:00:00Z")
b = make("beta", start_time="2026-03-05T10:00:00Z")
c = tests.create_properties(cell.id, "mass", {"mass": {"value": 41.0, "unit": "g"}})
names = lambda **asked: [one.name for one in tests.list(cell.id, **asked)]
assert sorted(names()) == ["Alpha", "beta", "mass"]
assert names(order_by="name", order="asc") == ["Alpha", "beta", "mass"]
assert names(order_by="start_time", order="desc", measurement_type="time_series") == [
    "beta", "Alpha"]
assert names(measurement_type="properties") == ["mass"]
assert names(name="ALPH") == names(name_exact="Alpha") == ["Alpha"]
assert names(name_exact="alpha") == []
assert names(started_after="2026-02-01T00:00:00Z") == ["beta"]
assert names(started_before="2026-02-01T00:00:00Z") == ["Alpha"]
assert names(created_after="2100-01-01T00:00:00Z") == []
assert len(names(created_before="2100-01-01T00:00:00Z", updated_after="2020-01-01T00:00:00Z",
                 updated_before="2100-01-01T00:00:00Z", created_by_email="@LOCAL")) == 3
page = tests.list(cell.id, limit=1, offset=1, order_by="name", order="asc")
assert [one.name for one in page] == ["beta"] and page.total == 3
assert refused(tests.list, "none").status_code == 404
""")


def test_a_record_is_changed_and_its_data_are_not(measure):
    measure("""
made = make("t", start_time="2026-01-05T10:00:00Z")
assert made.end_time is None
changed = tests.update(made.id, {"notes": "x", "name": "u", "end_time": "2026-01-06T10:00:00Z",
                                 "protocol": {"name": "RPT"}, "test_setup": {"operator": "A"}})
assert (changed.notes, changed.name, changed.protocol) == ("x", "u", {"name": "RPT"})
assert changed.end_time.startswith("2026-01-06T10:00:00")
assert tests.update(made.id, {"notes": None}).notes is None
assert tests.time_series(made.id).equals(series())
other = make("v")
assert refused(tests.update, other.id, {"name": "u"}).data["detail"]["existing_id"] == made.id
early = {"end_time": "2026-01-04T10:00:00Z"}
assert refused(tests.update, made.id, early).status_code in (400, 422)
assert refused(tests.update, "none", {"notes": "x"}).status_code == 404
""")


def test_a_detail_holds_what_its_flags_ask_for(measure):
    measure("""
made = make("t")
full = tests.detail(made.id)
assert full.time_series.equals(series()) and len(full.steps) == 4 and len(full.cycles) == 1
assert full.id == made.id and full.instance_id in (None, cell.id)
none = tests.detail(made.id, include_steps=False, include_cycles=False, include_time_series=False)
assert (none.steps, none.cycles, none.time_series) == (None, None, None)
only = tests.detail(made.id, include_steps=False, include_time_series=False)
assert only.cycles is not None and only.steps is only.time_series is None
fresh = tests.detail(made.id, use_cache=False)
assert fresh.time_series.equals(full.time_series) and fresh.steps.equals(full.steps)
""")


def test_the_detail_of_a_cell_holds_all_its_measurements(measure):
    measure("""
(folder / "a.txt").write_bytes(b"a")
for number in range(8):
    make(f"t{number}")
tests.create_properties(cell.id, "mass", {"mass": {"value": 41.0, "unit": "g"}})
tests.create_file(cell.id, "files", [str(folder / "a.txt")])
detail = client.cell_instance.detail(cell.id)
assert detail.instance.id == cell.id and detail.specification_id == spec.id
assert len(detail.measurements) == 10
kinds = {one.name: one for one in detail.measurements}
assert kinds["t3"].time_series.equals(series()) and len(kinds["t3"].steps) == 4
assert kinds["mass"].properties == {"mass": {"value": 41.0, "unit": "g"}}
assert kinds["files"].files == {"a.txt": b"a"}
bare = client.cell_instance.detail(
    cell.id, include_steps=False, include_cycles=False, include_time_series=False)
assert all(one.steps is one.cycles is one.time_series is None for one in bare.measurements)
""")


def test_properties_are_kept(measure):
    measure("""
properties = {"mass": {"value": 41.0, "unit": "g"}, "colour": "blue"}
made = tests.create_properties(cell.id, "mass", properties, notes="x",
                               start_time="2026-01-05T10:00:00Z")
assert made.properties == properties and made.measurement_type == "properties"
assert tests.detail(made.id).properties == properties
assert tests.update(made.id, {"properties": {"mass": {"value": 42.0, "unit": "g"}}}).properties == {
    "mass": {"value": 42.0, "unit": "g"}}
assert refused(tests.create_properties, cell.id, "mass", properties).status_code == 409
assert refused(tests.time_series, made.id).status_code == 400
""")


def test_a_deleted_measurement_is_gone_with_its_data(measure):
    measure("""
made = make("t")
tests.delete(made.id)
for call in (tests.get, tests.delete, tests.list_files):
    assert refused(call, made.id).error_code == "NOT_FOUND"
assert refused(tests.time_series, made.id, use_cache=False).status_code == 404
assert refused(tests.steps_and_cycles, made.id).status_code == 404
assert make("t").id != made.id
""")


def test_measurements_go_with_their_cell_and_their_spec(measure):
    measure("""
made = make("t")
client.cell_instance.delete(cell.id)
assert refused(tests.get, made.id).status_code == 404
other = client.cell_instance.create(spec.id, {"name": "d"})
made = tests.create(other.id, {"measurement": {"name": "t"}, "time_series": series()})
client.cell_spec.delete(spec.id)
assert refused(tests.get, made.id).status_code == 404
assert refused(tests.time_series, made.id, use_cache=False).status_code == 404
""")


NEWEST_ONLY = {
    "rows of a series are read alone": """
large = pl.concat([series(), part(4, 1.0, 800.0, 300_000)])
made = make("t", large)
for start, stop in ((0, 10), (70, 90), (299_000, 299_100), (0, 300_080)):
    assert tests.time_series(made.id, row_range=(start, stop)).equals(large[start:stop])
small = make("s")
assert tests.time_series(small.id, row_range=(5, 6)).equals(series()[5:6])
""",
    "tags are normalised, found and changed": """
a = make("a", tags=[" RPT ", "rpt", "Good"])
assert a.tags == ["Good", "RPT"]
b = tests.create_properties(cell.id, "b", {"m": "x"}, tags=["RPT"])
names = lambda **asked: sorted(one.name for one in tests.list(cell.id, **asked))
assert names(tags_all=["RPT", "Good"]) == ["a"] and names(tags_any=["rpt", "none"]) == ["a", "b"]
assert tests.update(b.id, {"tags": ["new"]}).tags == ["new"]
assert tests.update(b.id, {"tags": []}).tags == []
assert make("c").tags == []
assert refused(tests.update, b.id, {"tags": ["x" * 51]}).status_code == 400
""",
    "a project's measurements are listed": """
project = client.cell_spec.create({"name": unique("s"), "project_id": unique("p")})
cell = client.cell_instance.create(project.id, {"name": "c"})
made = make("Find me", protocol={"name": "GITT"}, notes="overnight", tags=["RPT"])
for number in range(29):
    tests.create_properties(cell.id, f"p{number}", {"m": "x"})
listed = lambda **asked: tests.list_by_project(project.project_id, **asked)
assert (len(listed()), listed().total, len(listed(limit=100))) == (25, 30, 30)
for word in ("find", "gitt", "OVERNIGHT", "rpt"):
    assert [one.id for one in listed(q=word)] == [made.id]
assert [one.id for one in listed(tags_any=["RPT"], measurement_type="time_series")] == [made.id]
assert listed(order_by="name", order="asc", limit=1)[0].id == made.id
assert len(tests.list_by_project("none")) == 0
""",
}


@pytest.mark.parametrize("what", NEWEST_ONLY)
def test_in_the_newest_version(measure, what):
    if measure.version == "0.36.0":
        pytest.skip("no such call in that era")
    measure(NEWEST_ONLY[what])
