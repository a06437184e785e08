"""The public register of normative documents: in force and ended (规范性文件)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import norms
from yiwang.catalogue.policy.norms import ENDED, NormState
from yiwang.content.policy.texts import UNVERIFIED
from yiwang.organisations import queries as organisations
from yiwang.web.downloads import BOM, csv_line
from yiwang.web.views import Page, found

TEXT_LENGTH = 60

STANDINGS: dict[str, tuple[Any, frozenset[NormState]]] = {
    "in_force": (_l("现行有效"), frozenset({NormState.IN_FORCE})),
    "pending": (_l("尚未施行"), frozenset({NormState.PENDING})),
    "ended": (_l("已失效或者废止"), ENDED),
    "all": (_l("全部"), frozenset()),
}
"""What the list can be narrowed to; the first is shown when nothing is asked."""

HEADS = (
    "文号",
    "标题",
    "制定机关",
    "印发日期",
    "施行日期",
    "有效期至",
    "废止日期",
    "废止依据",
    "状态",
    "取代的文件",
    "合法性审查",
    "公平竞争审查",
    "管理部门",
    "来源",
)


class Register(Page):
    """What the list and its table share: who reads which part."""

    @cached_property
    def standing(self) -> str:
        """Which part is asked for."""
        asked = self.request.GET.get("state", "")
        return asked if asked in STANDINGS else next(iter(STANDINGS))

    @cached_property
    def text(self) -> str:
        """What is searched for."""
        return self.request.GET.get("q", "").strip()[:TEXT_LENGTH]

    @cached_property
    def names(self) -> dict[str, str]:
        """Code of a department -> its name."""
        return {unit.code: unit.name for unit in organisations.departments()}


class Norms(Register):
    """What is in force and what ran out, with search; anybody may read it.

    Source:
        优化营商环境条例 第三十八条、第六十四条第二款.
    """

    template_name = "public/norms.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the register."""
        after = request.GET.get("after", "")
        page = norms.norms_page(
            on=self.today, states=STANDINGS[self.standing][1], text=self.text, after=after
        )
        return self.render(
            {
                "page": page,
                "text": self.text,
                "standing": self.standing,
                "standings": [(key, label) for key, (label, _states) in STANDINGS.items()],
                "first": not after,
            }
        )


class NormsCsv(Register):
    """The same part of the register for spreadsheets."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the table line by line."""
        response = StreamingHttpResponse(self._lines(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="norms.csv"'
        response["Cache-Control"] = "no-cache"
        return response  # type: ignore[return-value]  # streamed answers have the same headers

    def _lines(self) -> Iterator[bytes]:
        yield (BOM + csv_line(HEADS)).encode()
        for one in norms.every_norm(
            on=self.today, states=STANDINGS[self.standing][1], text=self.text
        ):
            yield csv_line(
                (
                    one.number,
                    one.title,
                    one.issuer,
                    one.issued_on.isoformat(),
                    one.valid_from.isoformat(),
                    one.valid_until.isoformat() if one.valid_until else "",
                    one.repealed_on.isoformat() if one.repealed_on else "",
                    one.repealed_by,
                    one.state.label,
                    "；".join(one.replaces),
                    one.legality.label,
                    one.fair_competition.label,
                    self.names.get(one.department, one.department),
                    one.source,
                )
            ).encode()


class Norm(Register):
    """One document: how it stands, what it replaces, its reviews, and which items cite it."""

    template_name = "public/norm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        one = found(lambda: norms.norm(kwargs["key"], on=self.today))
        return self.render(
            {
                **shown(one, self.names, on=self.today),
                "crumbs": [(_("规范性文件"), reverse("public:norms"))],
            }
        )


def shown(one: norms.NormView, names: dict[str, str], *, on: Any) -> dict[str, Any]:
    """Return what public and desk pages show of a document."""
    others = norms.named([*one.replaces, one.repealed_by], on=on)
    facts: Sequence[tuple[Any, Any]] = (
        (_("文号"), one.number),
        (_("制定机关"), one.issuer),
        (_("印发日期"), one.issued_on.isoformat()),
        (_("施行日期"), one.valid_from.isoformat()),
        (_("有效期至"), one.valid_until.isoformat() if one.valid_until else _("没有规定")),
        (_("合法性审查"), _(one.legality.label)),
        (_("公平竞争审查"), _(one.fair_competition.label)),
        (_("管理部门"), names.get(one.department, one.department)),
    )
    return {
        "norm": one,
        "source": re.sub(r"\s*" + re.escape(UNVERIFIED), _("（待核对）"), one.source),
        "facts": facts,
        "replaced": [(number, others.get(number)) for number in one.replaces],
        "successor": others.get(one.repealed_by),
        "citing": norms.citing([one], on=on)[0],
        "names": names,
    }
