"""The portal of the invented district."""

from tests.factories.portal import portal

__all__ = ["portal"]
