"""Occasions, templates, quiet hours and waits: pure."""
