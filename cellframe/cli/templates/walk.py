"""What `cellframe demo` walks through: each cell below is said, shown and run, in this order."""

import polars as pl

import cellframe as cf

folder, spec = "cellframe-demo", "Simulated LFP 18650"
client = cf.open_local(folder)

# %% Read: cell records become a frame
# One row per cell, and the unit of every quantity in its column's name. The ids, the spec and
# the version of each record are columns too; they are left out below to fit the page.
cells = client.cell_instance.to_frame(spec)
print(cells)

# %% Edit: it is an ordinary polars frame
# Three cells were filled in a lot of their own, and one was weighed again. Nothing is sent yet.
moved = pl.col("cell").is_in(["sim-006", "sim-007", "sim-008"])
weighed = pl.col("cell") == "sim-003"
edited = cells.with_columns(
    pl.when(moved).then(pl.lit("2026-W05-B")).otherwise("batch").alias("batch"),
    pl.when(weighed).then(39.12).otherwise("cell.mass [g]").alias("cell.mass [g]"),
)

# %% Plan: what would be sent, and nothing is
# The edited frame is compared with what you read, and with what the service has now.
plan = client.cell_instance.plan(edited)
print(plan)

# %% A colleague is faster
# A second client puts one of the same cells into yet another lot. Your change to it was made
# against a value that is gone, so it is a conflict, and nothing at all is sent.
colleague = cf.open_local(folder)
colleague.cell_instance.update(f"{spec}::sim-008", {"batch": "2026-W06"})
plan = client.cell_instance.plan(edited)
print(plan)
print(client.apply(plan))

# %% Apply: send what is not in doubt
# The cell in conflict is left as your colleague has it. Each update carries the changed field
# alone, and the version that it was compared with.
print(client.apply(plan, on_conflict="skip", note="2026-W05-B split off, one mass"))

# %% Agree, and plan again
# Your colleague was right: their lot goes into your frame. What you sent before is there already.
settled = pl.col("cell") == "sim-008"
edited = edited.with_columns(
    pl.when(settled).then(pl.lit("2026-W06")).otherwise("batch").alias("batch")
)
print(client.cell_instance.plan(edited))
