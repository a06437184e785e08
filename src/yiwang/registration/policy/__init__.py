"""Rules of dual notices: pure functions and frozen data."""
