"""The desk of the invented district."""

from tests.factories.desk import desk, keepers

__all__ = ["desk", "keepers"]
