"""How does an edited frame become POST and PATCH?

`diff` compares three frames cell by cell: what the editor read, what they have now, what the
service has. `known_rows`, `new_rows` and `lots` turn the result into steps, held against the
`objections`; `assemble` makes them a `Plan` (`plan`). `apply` decides whether it may be sent,
`run` carries it out in waves, an intent in the journal before each request, `send` is one step
on its way, and the `Receipt` (`receipt`) says what became of every row. Only `send` sends, and
only what a plan says.

What a journal tells of it (`told`) is listed by `history`, brought to its end by `resuming`, and
made the frame that takes it back by `undoing`.
"""
