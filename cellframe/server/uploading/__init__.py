"""How does a test with files come to be, whole or not at all?

Initiate, put, confirm (`uploads`), and the same for more rows of a series (`extend`, `stitching`) and for
raw data (`originals`).
What came is looked at (`contents`) before it is a test; what is under way is kept in
`files.sessions`. This room imports `files`, and never the other way round.
"""
