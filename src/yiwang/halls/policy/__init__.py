"""Rules of halls: pure functions and frozen data."""
