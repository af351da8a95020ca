"""Has it been asked before, and does the answer still hold?

`wire` is a wire over another one, which decides what is given out without asking. `question`
knows which answers may be kept and how old they may be, `answers` keeps them, in the file of
`tables`, `flights` lets one
ask for all who want the same; `keeping` is what a client was set up with, and `aged` what one call
asks for instead.
"""
