"""Projects, tags, raw data and names of every kind, as the public clients ask for them."""

from __future__ import annotations

import pytest


def test_a_project_is_made_read_changed_and_deleted(measure):
    measure("""
name = unique("project")
made = client.project.create({"name": name, "description": "x"})
assert (client.project.get(made.id), made.description) == (made, "x")
assert client.project.update(made.id, {"description": "y"}).description == "y"
assert [one.id for one in client.project.list(name=name.upper())] == [made.id]
assert [one.id for one in client.project.list(name_exact=name, limit=1)] == [made.id]
assert client.project.list(name_exact=name.upper()).total == 0
refusal = refused(client.project.create, {"name": name})
assert (refusal.status_code, refusal.data["detail"]["existing_id"]) == (409, made.id)
client.project.delete(made.id)
assert refused(client.project.get, made.id).error_code == "NOT_FOUND"
""")


def test_specs_lie_in_projects(measure):
    measure("""
project = client.project.create({"name": unique("project")})
mine = client.cell_spec.create({"name": spec.name, "project_id": project.id})
assert mine.id != spec.id
assert client.cell_spec.create_or_get({"name": spec.name, "project_id": project.id}).id == mine.id
assert [one.id for one in client.cell_spec.list(project_id=project.id)] == [mine.id]
assert client.cell_spec.list(name_exact=spec.name, project_id=project.id)[0].id == mine.id
assert refused(client.project.delete, project.id).status_code == 409
assert client.cell_spec.get(mine.id) == mine
""")


NAMES = ["100 %", "a_b", "a b", "Zelle Ä", "naïve/α", "x.y", "eq.z", "50%_c", "+1&2=3", "ß"]


@pytest.mark.parametrize("kind", ["cell_spec", "cell_instance"])
def test_names_of_every_kind_are_found(measure, kind):
    measure(f"""
kind, names = {kind!r}, {NAMES!r}
mark = unique("m")[-12:]
listed = getattr(client, kind).list
if kind == "cell_spec":
    made = {{n: client.cell_spec.create({{"name": n + mark}}).id for n in names}}
    find = lambda **asked: {{one.id for one in listed(project_id="p", **asked)}}
else:
    made = {{n: client.cell_instance.create(spec.id, {{"name": n + mark}}).id for n in names}}
    find = lambda **asked: {{one.id for one in listed(spec.id, **asked)}}
for name, id_ in made.items():
    assert find(name_exact=name + mark) == {{id_}}, name
    assert id_ in find(name=name + mark), name
    assert id_ in find(name=(name + mark).upper()), name
assert find(name="ZELLE ä" + mark) == {{made["Zelle Ä"]}}
assert find(name="a_b" + mark) == {{made["a_b"], made["a b"]}}
assert find(name_exact="A_B" + mark) == set()
""")


def test_the_client_walks_every_page_itself(measure):
    measure("""
from ionworks.models import collect_all_pages
for number in range(23):
    client.cell_instance.create(spec.id, {"name": f"n-{number:02}"})
walk = lambda limit, offset: client.cell_instance.list(
    spec.id, limit=limit, offset=offset, order_by="name", order="desc")
found = [one.name for one in collect_all_pages(walk, 10)]
assert found == [f"n-{n:02}" for n in range(22, -1, -1)] + ["c"]
""")


def test_raw_data_is_uploaded_attached_and_downloaded(measure):
    measure("""
project = client.project.create({"name": unique("project")}).id
content = b"Time;Voltage\\r\\n" * 50000
(folder / "a.csv").write_bytes(content)
raw = client.raw_data
made = raw.upload(project, folder / "a.csv", source="a cycler", metadata={"channel": 5})
assert (made.name, made.filename, made.size_bytes) == ("a.csv", "a.csv", len(content))
assert raw.get(made.id) == made and [one.id for one in raw.list(project)] == [made.id]
for use_cache in (False, True, True):
    assert raw.download(made.id, use_cache=use_cache) == content
assert raw.update(made.id, name="new", source="").name == "new"
test = tests.create_properties(cell.id, "v", {"m": "x"})
for _ in range(2):
    tests.attach_raw_data(test.id, [made.id])
assert [one.name for one in tests.list_raw_data(test.id)] == ["new"]
assert list(raw.list_measurements(made.id)) == [test.id]
assert refused(tests.attach_raw_data, test.id, ["none"]).error_code == "NOT_FOUND"
tests.detach_raw_data(test.id, made.id)
assert list(tests.list_raw_data(test.id)) == []
assert refused(tests.detach_raw_data, test.id, made.id).status_code == 404
raw.delete(made.id)
assert refused(raw.get, made.id).error_code == "NOT_FOUND" and raw.list(project).total == 0
""")


def test_raw_data_is_paged(measure):
    measure("""
project = client.project.create({"name": unique("project")}).id
for number in range(3):
    with open(folder / "a.csv", "wb") as file:
        file.write(bytes(number))
    client.raw_data.upload(project, folder / "a.csv", name=f"n{number}")
pages = [client.raw_data.list(project, limit=2, offset=offset) for offset in (0, 2)]
assert [one.name for page in pages for one in page] == ["n2", "n1", "n0"]
assert [page.total for page in pages] == [3, 3]
""")


def test_running_tests_are_watched(measure):
    measure("""
project = client.project.create({"name": unique("project")}).id
mine = client.cell_spec.create({"name": "s", "project_id": project})
cell = client.cell_instance.create(mine.id, {"name": "c"})
made = tests.create_properties(cell.id, "v", {"m": "x"})
for call, named in ((tests.watch, [made.id]), (tests.watch, [made.id]), (tests.unwatch, [])):
    call(made.id)
    assert client.lab.list_watched(project) == named
    assert refused(call, "none").error_code == "NOT_FOUND"
""")


TAGS = """
project = client.project.create({"name": unique("project")})
mine = client.cell_spec.create({"name": "s", "project_id": project.id})
cell = client.cell_instance.create(mine.id, {"name": "c"})
a, b = (tests.create_properties(cell.id, name, {"m": "x"}).id for name in "ab")
assert tests.add_tags([a, b], [" Hot ", "rpt"]) == 2
assert tests.add_tags(a, ["HOT"]) == 0
assert tests.remove_tags(b, ["hot", "none"]) == 1
used = lambda **asked: [(one.tag, one.usage_count) for one in tests.list_tags(project.id, **asked)]
assert used() == [("rpt", 2), ("Hot", 1)]
assert used(q="HO") == [("Hot", 1)] and used(limit=1) == [("rpt", 2)]
assert tests.list_tags(project.id, limit=1).total == 2
assert tests.list_tags("none").total == 0
assert [one.id for one in tests.list_by_project(project.id, tags_all=["HOT", "rpt"])] == [a]
assert refused(tests.add_tags, [a, "none"], ["x"]).error_code == "NOT_FOUND"
bad = refused(tests.add_tags, [a, b], [f"t{n}" for n in range(50)])
assert (bad.status_code, bad.error_code) == (400, "BAD_REQUEST")
assert refused(tests.add_tags, a, ["x" * 51]).status_code == 400
"""


def test_many_tests_are_tagged_at_once(measure):
    if measure.version == "0.36.0":
        pytest.skip("no such call in that era")
    measure(TAGS)
