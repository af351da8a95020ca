"""The largest discharge capacity of each cell becomes a property of the cell."""

import polars as pl

cells = pl.read_parquet("cells.parquet").select("instance_id", "cell", "instance_version")
cycles = pl.read_parquet("cycles.parquet")
largest = cycles.group_by("instance_id").agg(
    pl.col("Discharge capacity [A.h]").max().round(6).alias("cell.capacity [A.h]")
)
cells.join(largest, on="instance_id").write_csv("results.csv")
