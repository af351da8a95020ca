"""The public client, unmodified, in the last version of each era, against the service."""

from __future__ import annotations

import pytest


def test_system_calls_are_answered(peer):
    peer("""
assert client.health_check() == {"status": "ok"}
me = client.whoami()
assert me["email"] and me["authorized_organization"]["id"] and me["organizations"]
assert client.capabilities()["extensions"]["version"] is True
assert client.schema("data")["type"] == client.schema("protocol")["type"] == "object"
""")


def test_a_spec_is_made_read_changed_and_deleted(peer):
    peer("""
made = client.cell_spec.create({
    "name": unique("LFP"), "form_factor": "18650",
    "ratings": {"capacity": {"value": 1.5, "unit": "A*h"}},
    "anode": {"material": {"name": "graphite"}},
})
assert made.project_id == "p" and made.anode["material"]["name"] == "graphite"
assert client.cell_spec.get(made.id) == made
changed = client.cell_spec.update(
    made.id, {"ratings": {"voltage_max": {"value": 3.65, "unit": "V"}}, "notes": "x"})
assert set(changed.ratings) == {"capacity", "voltage_max"} and changed.notes == "x"
assert changed.version == 2 and changed.updated_at > made.updated_at
client.cell_spec.delete(made.id)
assert refused(client.cell_spec.get, made.id).status_code == 404
""")


def test_specs_are_listed_with_every_filter(peer):
    peer("""
word = unique("w")
a = client.cell_spec.create({"name": f"A {word}", "form_factor": "18650",
                             "anode": {"material": {"name": word}}})
b = client.cell_spec.create({"name": f"b {word}", "form_factor": "pouch",
                             "cathode": {"material": {"name": word}}})
ids = lambda found: [one.id for one in found]
every = dict(name=word, created_by_email="@LOCAL", created_after="2020-01-01T00:00:00Z",
             created_before="2100-01-01T00:00:00Z", updated_after="2020-01-01T00:00:00Z",
             updated_before="2100-01-01T00:00:00Z", order_by="name", order="asc", project_id="p")
listed = client.cell_spec.list
assert ids(listed(**every)) == [a.id, b.id]
assert ids(listed(**every, limit=1, offset=1)) == [b.id]
assert listed(**every, limit=1).total == 2
assert ids(listed(name=word.upper(), form_factor="pouch")) == [b.id]
assert ids(listed(name_exact=f"A {word}")) == [a.id]
material = a.anode["material_id"]
assert ids(listed(material_id=material)) == [b.id, a.id]
assert ids(listed(material_id=[material, "none"])) == [b.id, a.id]
assert ids(listed(anode_material_id=material)) == [a.id]
assert ids(listed(material_id=material, exclude_cell_spec_id=a.id)) == [b.id]
assert listed(True, name=word, limit=1)[0].cathode["material"]["name"] == word
assert ids(client.cell_spec.related_specs(a.id)) == [b.id]
assert ids(client.cell_spec.related_specs(a.id, slots=["anode"])) == []
""")


def test_a_cell_is_made_read_changed_and_deleted(peer):
    peer("""
made = client.cell_instance.create(spec.id, {
    "name": "c", "date_manufactured": "2025-10-28", "measured_properties": MASS, "notes": "x"})
assert made.date_manufactured == "2025-10-28T00:00:00Z" and made.measured_properties == MASS
assert client.cell_instance.get(made.id) == made
changed = client.cell_instance.update(made.id, {"notes": None})
assert changed.notes is None and changed.measured_properties == MASS
client.cell_instance.delete(made.id)
assert refused(client.cell_instance.get, made.id).error_code == "NOT_FOUND"
""")


def test_cells_are_paged_through_and_filtered(peer):
    peer("""
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    make = lambda n: client.cell_instance.create(spec.id, {"name": f"Cell {n:03}"})
    assert len(list(pool.map(make, range(250)))) == 250
listed = client.cell_instance.list
pages = [listed(spec.id, limit=100, offset=offset) for offset in (0, 100, 200)]
assert [len(page) for page in pages] == [100, 100, 50]
assert {page.total for page in pages} == {250}
assert len({cell.id for page in pages for cell in page}) == 250
assert len(listed(spec.id)) == 250
names = lambda **asked: [cell.name for cell in listed(spec.id, **asked)]
assert names(name="CELL 24", order_by="name", order="asc") == [f"Cell {n}" for n in range(240, 250)]
assert names(name_exact="Cell 007") == ["Cell 007"] and names(name_exact="cell 007") == []
assert names(created_before="2020-01-01T00:00:00Z") == []
assert len(names(created_by_email="lab", updated_after="2020-01-01T00:00:00Z", limit=5)) == 5
""")


def test_create_or_get_finds_what_is_there(peer):
    peer("""
again = client.cell_spec.create_or_get({"name": spec.name})
assert again.id == spec.id
first = client.cell_instance.create_or_get(spec.id, {"name": "c", "notes": "first"})
second = client.cell_instance.create_or_get(spec.id, {"name": "c", "notes": "second"})
assert (second.id, second.notes) == (first.id, "first")
free = Ionworks(api_key="k", api_url=sys.argv[1], max_retries=0)
name = unique("no project")
assert free.cell_spec.create_or_get({"name": name}).id == free.cell_spec.create_or_get({"name": name}).id
""")


def test_refusals_reach_the_caller(peer):
    peer("""
cell = client.cell_instance.create(spec.id, {"name": "c"})
conflict = refused(client.cell_instance.create, spec.id, {"name": "c"})
assert (conflict.status_code, conflict.error_code) == (409, "CONFLICT")
assert conflict.data["detail"]["existing_id"] == cell.id
missing = refused(client.cell_instance.list, "none")
assert (missing.status_code, missing.error_code) == (404, "NOT_FOUND")
invalid = refused(client.cell_instance.create, spec.id, {"notes": "no name"})
assert (invalid.status_code, invalid.message) == (422, "name: field required")
assert invalid.data["detail"][0]["loc"] == ["body", "name"]
nan = refused(client.cell_instance.update, cell.id,
              {"measured_properties": {"cell": {"mass": {"value": float("nan"), "unit": "g"}}}})
assert nan.status_code == 422 and "measured_properties.cell.mass.value" in nan.message
""")


def test_lots_are_written_as_each_era_writes_them(peer):
    peer(_LOTS[peer.version])


_LOTS = {
    "0.36.0": """
cell = client.cell_instance.create(spec.id, {"name": "c", "batch": "LOT-1"})
assert cell.batch == "LOT-1"
other = client.cell_instance.create(spec.id, {"name": "d", "batch": "lot-1"})
assert other.batch == "LOT-1"
assert client.cell_instance.update(cell.id, {"batch": "LOT-2"}).batch == "LOT-2"
assert client.cell_instance.update(cell.id, {"batch": None}).batch is None
""",
    "0.38.0": """
lot = client.cell_batch.create(spec.id, {"name": "LOT-1", "date_manufactured": "2025-10-28"})
assert client.cell_batch.create_or_get(spec.id, {"name": "lot-1"}).id == lot.id
cell = client.cell_instance.create(spec.id, {"name": "c", "batch_id": lot.id})
assert (cell.batch_name, cell.batch_id) == ("LOT-1", lot.id)
assert client.cell_batch.get(lot.id).instance_count == 1
assert [c.id for c in client.cell_instance.list(spec.id, batch_id=lot.id)] == [cell.id]
assert [l.name for l in client.cell_batch.list(spec.id, name="lot")] == ["LOT-1"]
assert client.cell_batch.update(lot.id, {"name": "LOT-9"}).date_manufactured == "2025-10-28"
assert client.cell_instance.get(cell.id).batch_name == "LOT-9"
assert client.cell_instance.update(cell.id, {"batch_id": None}).batch_name is None
foreign = client.cell_spec.create({"name": unique("foreign")})
refusal = refused(client.cell_instance.create, foreign.id, {"name": "c", "batch_id": lot.id})
assert (refusal.status_code, refusal.error_code) == (400, "BAD_REQUEST")
client.cell_batch.delete(lot.id)
assert refused(client.cell_batch.get, lot.id).status_code == 404
""",
}


def test_a_large_body_comes_gzipped(peer):
    peer("""
cells = {f"p{n}": {"value": n + 0.5, "unit": "mg/cm**2", "by": "x" * 60} for n in range(6000)}
cell = client.cell_instance.create(spec.id, {"name": "c", "measured_properties": {"cell": cells}})
assert cell.measured_properties == {"cell": cells}
""")


def test_twenty_calls_run_at_once(peer):
    peer("""
from concurrent.futures import ThreadPoolExecutor
def both(number):
    cell = client.cell_instance.create(spec.id, {"name": f"c{number}"})
    return client.cell_instance.get(cell.id).id == cell.id
with ThreadPoolExecutor(20) as pool:
    assert all(pool.map(both, range(60)))
assert client.cell_instance.list(spec.id, limit=1).total == 60
""")


@pytest.mark.parametrize("options", ['token="t"', 'api_key="k", organization_id="o"'])
def test_either_credential_is_taken(peer, options):
    peer(f"""
other = Ionworks({options}, api_url=sys.argv[1] + "/", max_retries=0)
assert other.cell_spec.get(spec.id).id == spec.id
""")
