"""Yiwang: one record on which a district serves, supervises and tracks."""
