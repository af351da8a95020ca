"""How does an edited frame become POST and PATCH?

`diff` compares three frames cell by cell: what the editor read, what they have now, what the
service has. `assemble` turns the result into a `Plan` (`plan`): a step per row that would
change. `apply` carries the steps out over a wire, an intent in the journal before each, and
returns a `Receipt` (`receipt`). Only `apply` sends, and only what a plan says.
"""
