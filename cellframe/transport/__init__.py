"""How does a request travel?

`session` carries it over HTTP, `inprocess` hands it to the service as a function call; both are
a `Wire`. `policy` is one set of rules for every request: whose credential, to which address, how
long, how much. `storage` says where files may come from and go to, `ways` which way a connection
takes, `lines` which ones are kept open, `calls` what goes over one. A `meter` counts the time
and the bytes of a call, `waits` says when it is made again, and `faults` what went wrong.
`bodies` sends and keeps files in pieces, `answers` tells a part from the whole, `replies` turns
one into JSON or into one of our errors. `caching` keeps answers. Nothing here knows what a frame is.
"""
