"""Closed lists and sign-in rules; no framework."""
