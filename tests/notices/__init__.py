"""Notices to applicants."""
