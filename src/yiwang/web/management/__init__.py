"""Commands for developers of pages."""
