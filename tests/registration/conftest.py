"""The desk of the invented district."""

from tests.factories.desk import desk

__all__ = ["desk"]
