"""How do frames and plans look to a person?

`parts` is what a view is given: counts, a frame of changes, notices; nothing here knows how a
plan is made. `text` writes them for a terminal, `html` for a notebook or a page, escaped. Both
show the same `rows` and say the same `words`; `clean` makes every text of a record safe to show.
`listing` puts rows on a `page` of text.
"""
