"""How do I do it from a shell?

`main` is the ``cellframe`` command and turns every fault into a sentence and an exit code; each
command has a file of its own, loaded when it is called. `fleet` simulates the cells of the
demo; `templates` holds the demo's walk and the script that it leaves behind.
"""
