"""Items that stand on a text of a law that has a newer one (设定依据待更新)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from yiwang.catalogue import basis
from yiwang.organisations.permissions import EVERYWHERE, Permission
from yiwang.web.officer.scope import department_names
from yiwang.web.views import Page


class OutdatedBasis(Page):
    """What the owner of an item has to compare: the article cited and the newest text."""

    permission: ClassVar[Permission | None] = Permission.ITEM_READ
    template_name = "officer/items/basis.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the citations of the reader's departments."""
        held = self.actor.departments(Permission.ITEM_READ)
        rows = basis.outdated(
            on=self.today, departments=None if EVERYWHERE in held else sorted(held)
        )
        names = dict(department_names())
        return self.render({"rows": [(row, names.get(row.department, "")) for row in rows]})
