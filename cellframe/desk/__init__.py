"""What does a person without Python see?

A few pages at the service's own address: the cells of a spec as a workbook, the workbook that
comes back as a plan, and what came of it. Every visitor has a client of their own, with their own
key, and nothing is possible here that the client could not do.
"""
