#!/bin/sh
# A lab's own files become records, and come back as a sheet that three people edit.
#
# Expects the folder `files` (a table of cells and their time series) and the scripts beside it.
set -eu
here=$(dirname "$0")

cellframe config add bench --data lab --default
cellframe import files --yes
cellframe pull --all -o cells.csv

python "$here/edit_in_pandas.py" cells.csv
python "$here/edit_in_polars.py" cells.csv
sh "$here/edit_in_libreoffice.sh" cells.csv
cellframe plan cells.csv -o plan.json

# Meanwhile somebody else puts one of the same cells into another lot, from a script of theirs.
python "$here/colleague.py" lab

# What was reviewed is no longer what would be sent, and nothing is.
code=0
cellframe push plan.json --yes || code=$?
[ "$code" -eq 4 ]

# The others are sent; the cell in conflict comes back, is decided, and pushed.
cellframe push cells.csv --yes --skip-conflicts --note "weighed again" || code=$?
[ "$code" -eq 5 ]
python "$here/decide.py" cells.left-over.csv mine
cellframe push cells.left-over.csv --yes --note "decided: mine"

cellframe pull --all -o cells.csv
cellframe plan cells.csv --exit-code
