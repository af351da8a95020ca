"""Is everything in a folder still what was stored?

`inventory` is what the records say there should be, `inspection` what the disk shows, and
`verify` tells where the two differ. Nothing is changed.
"""
