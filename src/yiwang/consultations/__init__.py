"""Questions of the public (提问): answered in the words of what is published, or by a person.

The box quotes guides, law articles and answers made public; it never writes a sentence of its own.
What it does not know is handed to the department, with a date.
"""
