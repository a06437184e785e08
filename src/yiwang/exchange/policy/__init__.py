"""Signatures, messages and waits: pure."""
