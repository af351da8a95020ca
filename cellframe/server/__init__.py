"""Who answers when there is no account?

`answer` holds the service: a plain function from a request to its reply, kept in one SQLite
file and a folder of files beside it. `strict` is its front door, `router` finds who answers,
`fields` checks bodies against the contract's tables, `specs`, `cells`, `lots` and `tests` carry
the calls on records out, `database` keeps what they wrote. Every write goes through
`calls.Call.write`, and so can be a trial, be carried out `once` under a key, or be part of a
`batch`; `lists` reads pages, from `snapshots` where an earlier state is asked for. The files of tests have rooms:
`uploading` makes a test of them, `derive` the steps and cycles of a series, `files` keeps them
and gives them out, `verifying` looks whether all are whole. `app` puts the function on a socket;
in one process with its client the service needs none. Nothing here knows a record's frame.
"""
