"""Closed lists of supervision, free of any framework."""
