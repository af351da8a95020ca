"""How is a folder of records kept twice, and brought back?

`snapshot` takes what one moment of the folder holds, while it is in use; `backup` makes a copy of
that which is whole or not there, and `restore` a folder of a copy.
"""
