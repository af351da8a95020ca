"""First steps with cellframe: read, edit, plan, apply. Run it, change it, run it again."""

from pathlib import Path

import polars as pl

import cellframe as cf

# The service lives in this folder: no account, no server to start.
client = cf.open_local(Path(__file__).parent)

# Specs are designs of cells. Lists come newest first.
spec = client.cell_spec.list(name="simulated")[0]
cells = client.cell_instance.to_frame(spec)
print(cells.select("cell", "batch", "cell.mass [g]").head(3))

# Edit it as any polars frame: here the first three cells were weighed again, 0.01 g heavier.
mass = pl.col("cell.mass [g]")
reweighed = pl.col("cell").is_in(cells["cell"].head(3).to_list())
edited = cells.with_columns(pl.when(reweighed).then((mass + 0.01).round(2)).otherwise(mass))

# A plan says what would be sent. It sends nothing.
plan = client.cell_instance.plan(edited)
print(plan)

# Applying it does. The note is kept with its history.
receipt = client.apply(plan, note="weighed again")
print(receipt)

# Try next: change another column; clear a cell (None); add a row with an empty instance_id.
