"""Who answers when there is no account?

`answer` holds the service: a plain function from a request to its reply, kept in one SQLite
file. `strict` is its front door, `fields` checks bodies against the contract's tables,
`specs`, `cells` and `lots` carry the calls out, `database` keeps what they wrote. `app` puts
the function on a socket; in one process with its client the service needs none. Nothing here
knows a frame.
"""
