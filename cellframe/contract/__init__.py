"""What do both ends of the wire agree on?

`records` describes each kind of record once, field by field; decoding, checks, schemas, the
diff and the service's own models are all generated from those tables. `quantities` is the one
list of units and the sign of current. `wire` is how a request and its reply look to either
side, `routes` which paths exist, `problems` how a refusal is written down. Nothing here sends,
stores or computes on frames.
"""
