"""Layout of a package and retention: pure."""
