"""How does a test with files come to be, whole or not at all?

Initiate, put, confirm (`uploads`), and the same for more rows of a series (`extend`, `stitching`).
What is under way is kept (`sessions`); what came is looked at (`contents`) before it is a test.
"""
