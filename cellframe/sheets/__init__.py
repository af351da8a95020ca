"""How does a frame become a file that people edit, and back?

Out: text and numbers as a spreadsheet keeps them, and beside the file a companion that knows
what was read. Back: whatever pandas, polars or a spreadsheet made of it is read as text, cells
that nobody edited are put back as they were, and the rest is left for a plan to judge. Quiet:
frames in, frames out, and the one file that is named.
"""
