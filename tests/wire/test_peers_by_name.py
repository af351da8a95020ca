"""From a spec's name to a test's: the public clients' own walk, with both of its page sizes."""

from __future__ import annotations

import pytest


def test_three_names_lead_to_a_test(measure):
    measure("""
make("RPT 1")
find = lambda *names: client.resolve_measurement(*names, project_id=spec.project_id)
assert find(spec.name, "c", "RPT 1").name == "RPT 1"
for names in (("none", "c", "RPT 1"), (spec.name, "none", "RPT 1"), (spec.name, "c", "none")):
    assert refused(find, *names).status_code == 404
""")


@pytest.mark.parametrize("size", [100, 200])
def test_the_navigator_sees_every_cell(measure, size):
    measure(f"""
from ionworks import Navigator
for number in range(3):
    body = {{"operations": [
        {{"method": "POST", "path": f"/cell_specifications/{{spec.id}}/cell_instances",
          "body": {{"name": f"n-{{number * 100 + n:03}}"}}}} for n in range(100)]}}
    assert all(one["status"] == 201 for one in client.post("/batch", body)["results"])
walk = Navigator(client, page_size={size}, project_id=spec.project_id)
assert spec.name in walk.specs() and walk.spec(spec.name).id == spec.id
assert [one.name for one in walk.instances(spec.name)] == ["c", *(f"n-{{n:03}}" for n in range(300))]
""")


def test_the_navigator_reads_steps_and_series(measure):
    measure("""
from ionworks import Navigator
set_dataframe_backend("pandas")
make("RPT 0")
walk = Navigator(client, project_id=spec.project_id)
(test,) = walk.measurements(cell.id)
assert (test.name, len(walk.steps(test.id)), len(walk.time_series(test.id))) == ("RPT 0", 4, 80)
set_dataframe_backend("polars")
""")
