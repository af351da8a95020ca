"""How does a record become a row, and back?

`columns` decides which columns a frame has, `units` in which unit each quantity is shown,
`decode` fills them from records, `check` refuses what does not fit (`schemas` explains it).
On the way back `backend` takes pandas, polars or lists, `cast` reads their columns with the
types of the table, and `encode` writes changed cells as the body of a call. Quiet: no network,
no disk.
"""
