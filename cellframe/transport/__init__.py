"""How does a request travel?

`session` carries it over HTTP, `inprocess` hands it to the service as a function call; both are
a `Wire`. `policy` is one set of rules for every request: whose credential, to which address,
how long. `replies` turns an answer into JSON or into one of our errors. Nothing here knows what
a frame is.
"""
