"""How did the tables become what they are? Each file brings a database one step further."""
