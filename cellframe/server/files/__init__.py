"""Where do the files of tests and of raw data lie, and how do they come in and go out?

Each lies under the digest of its content (`blobs`), and records refer to it (`references`). It
comes and goes by a signed address (`signing`, `storage`, `ranges`) and waits for its confirm with
the upload it belongs to (`sessions`); it is read back with its record (`downloads`) once it is found
whole (`integrity`), and goes when nobody needs it (`collector`).
"""
