"""Types, states and printed numbers of licences: pure functions and frozen data."""
