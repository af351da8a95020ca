"""Two cells go into a lot of their own, in polars: sorted the other way round, columns dropped."""

import sys

import polars as pl

path = sys.argv[1]
cells = pl.read_csv(path)
moved = pl.col("cell").is_in(cells["cell"][10:12].to_list())
lots = pl.when(moved).then(pl.lit("2026-W05-B")).otherwise("batch").alias("batch")
cells = cells.with_columns(lots).sort("cell", descending=True)
cells.drop("spec_id", "date_manufactured").write_csv(path)
