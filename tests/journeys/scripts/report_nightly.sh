#!/bin/sh
# Every night: what the cyclers wrote goes in, findings and a page per spec come out, results go back.
#
# Ends with 0, with 3 where a cell is flagged, or with the code of the command that could not do its work.
#   report_nightly.sh [OPTION...]     options of `cellframe report`
set -e
cellframe import incoming --yes
code=0
cellframe check "*" --rules rules.py -o findings.csv || code=$?
case $code in 0|3) ;; *) exit $code ;; esac
exec cellframe report --all -o pages --rules rules.py --run nightly --write-back --log-json "$@" 2>> night.log
