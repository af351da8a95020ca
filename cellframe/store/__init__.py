"""What is kept on this disk?

`places` says where. `versions` keeps what you have read: the records behind every frame that
was shown, so that an edited frame can be compared with what its editor saw. `journals` keeps
history: what each apply meant to do, and what became of it, line by line in a `journal`. Neither
is a cache. `blobs` and `trees` are: downloaded series by what they hold, and links to them that
say whose they are. All of it is private to the user (folders 0700, files 0600) and never holds a
credential.
"""
