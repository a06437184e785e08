"""Pages that need no account: verification, publication, statements, the shell for phones."""
