"""What can I ask for?

`connection` is what every resource shares: the wire, what the service can do, what is kept on
this disk. `base` has the calls that all kinds of record have; `cell_spec` and `cell_instance`
add where theirs differ. `reading` turns pages into frames and keeps what was read. `planning`
gathers what a plan compares: `identity` says which record a row stands for, `present` what the
service has now. `records` are the typed records.
"""
