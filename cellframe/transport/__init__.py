"""How does a request travel?

`session` carries it over HTTP, `inprocess` hands it to the service as a function call; both are
a `Wire`. `policy` is one set of rules for every request: whose credential, to which address,
how long; `storage` says where files may come from and go to, `pools` who is on which connection.
`bodies` sends and receives in pieces and tells a part from the whole. `replies` turns an answer
into JSON or into one of our errors, `faults` what went wrong on the way. Nothing here knows what
a frame is.
"""
