"""What makes a time series fit to upload?

`reading` takes what a person has (polars, pandas, arrow, a dict of columns) as one polars frame
with the contract's types. `checked` puts every check to it and raises all findings at once:
labels and values first, then time, steps and counters, the sign of the current by a vote of the
steps, and the strict checks for who asks. Quiet: no network, no disk.
"""
