"""Writes a definition as the file of a pack; `content.policy.reading` reads it back the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import Shape, shapes

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: the reader refuses them."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


def as_yaml(definition: Mapping[str, Any]) -> str:
    """Return a plain definition as YAML, keys in the order of the item format."""
    plain = {
        one.name: _typed(one.shape, definition[one.name])
        for one in shapes(ItemVersion)
        if one.name in definition
    }
    text: str = yaml.dump(
        plain,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=WIDTH,
        default_flow_style=None,
    )
    return text


def _typed(shape: Shape, value: Any) -> Any:
    """Return days as days, as packs write them."""
    if shape is Shape.DAY and isinstance(value, str):
        return date.fromisoformat(value)
    return value
