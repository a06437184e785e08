"""The search index: a file that caches what the database says, read by every process.

`index_file` reads and writes it, `building` makes it from the tables, `vectors` adds the meaning of
texts where the optional model is installed, and `engine` answers from it and from what was
published since.
"""
