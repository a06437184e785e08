from __future__ import annotations

from tests.factories.portal import portal

__all__ = ["portal"]
