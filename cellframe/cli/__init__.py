"""How do I do it from a shell?

`main` is the ``cellframe`` command, and each command has a file of its own. All of them share
`options`; `connect` and `profiles` say which service is meant, `asking` whether the person agrees,
`out` what goes to stdout and what to stderr, `codes` and `ending` how the process ends.
`checks` is what the doctor looks at; `fleet` simulates the cells of the demo, and `templates` has
its walk and the script that it leaves behind.
"""
