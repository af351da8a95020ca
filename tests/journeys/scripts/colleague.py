"""A colleague puts a cell aside: the twelfth, as they were made."""

import sys

import cellframe as cf

with cf.open_local(sys.argv[1]) as client:
    cell = client.cell_instance.to_frame()["instance_id"][11]
    client.cell_instance.update(cell, {"batch": "set aside"})
