"""What stands between this computer and the records?

`finding` is what a check says; `machine` looks at Python, packages, settings and the terminal,
`disk` at the folders where things are kept, `service` at whoever has the records. No check
raises, and none repeats a key.
"""
