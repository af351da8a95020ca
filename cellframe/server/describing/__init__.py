"""What does the service tell of its calls? An OpenAPI document, made from its own tables.

`schemas` writes the contract's kinds of records as JSON Schema, `parameters` what may be asked
of a list, `operations` what goes into each handler and what comes out, and `document` puts them
in the order of the routes.
"""
