#!/bin/sh
# Every night: what the cyclers wrote goes in, cells and cycles come out, results go back.
#
# Ends with 0, or with the exit code of the first command that could not do all of its work.
#   nightly.sh --dry-run          sends no results; 2 where there are some to send
#   nightly.sh [OPTION...]        options of `cellframe push`
set -e
cellframe import incoming --yes
cellframe pull --all -o cells.parquet
cellframe pull --all --cycles -o cycles.parquet
python report.py
if [ "$1" = --dry-run ]; then
    cellframe plan results.csv --exit-code
else
    cellframe push results.csv --yes --note nightly "$@"
fi
