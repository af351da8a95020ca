"""What did a cycler write?

`names` knows how cyclers spell their columns, `text` finds header and rows in an export, and
`mapping` holds what a person confirmed. `building` makes the contract's series of both: numbers,
clocks, steps, sign of current, counters. `evidence` says why a mapping is proposed. Quiet: one
file in, one frame out.
"""
