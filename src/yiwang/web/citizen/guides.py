"""How an item version is shown to citizens: facts, materials, flow (办事指南)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    Channel,
    ItemVersion,
    Material,
    MaterialSource,
    Necessity,
    WaiveBy,
    needed,
)


@dataclass(frozen=True, kw_only=True)
class MaterialLine:
    """One material as a citizen reads it.

    Attributes:
        tag: 免交, 须提交, 可容缺 or 视情形提交.
        colour: Of the tag; says nothing that the tag does not.
        how: From where it is taken, or how to prepare it.
    """

    id: str
    name: str
    tag: str
    colour: str
    how: str
    form: str
    basis: str
    waived: bool


@dataclass(frozen=True, kw_only=True)
class FlowLine:
    """One step of handling."""

    name: str
    note: str
    text: str


@dataclass(frozen=True, kw_only=True)
class BasisLine:
    """One legal basis, with the article's text where the corpus is loaded."""

    law: str
    article: str
    note: str
    text: str
    date: str


def workdays(count: int) -> str:
    """Return a limit in words; 0 is on the spot."""
    if count == 0:
        return _("当场办结")
    return ngettext("%(count)s 个工作日", "%(count)s 个工作日", count) % {"count": count}


def fee(item: ItemVersion) -> str:
    """Return what it costs in words."""
    if not item.fees:
        return _("不收费")
    known = [one.amount_cny for one in item.fees if one.amount_cny is not None]
    if len(known) == len(item.fees):
        return _("%(amount)s 元") % {"amount": f"{sum(known):g}"}
    return _("按标准收费")


def facts(item: ItemVersion) -> list[tuple[str, str]]:
    """Return the four facts that are shown before anybody is asked to sign in (UX-04)."""
    visits = ngettext("%(count)s 次", "%(count)s 次", item.onsite_times)
    return [
        (_("法定时限"), workdays(item.limit.statutory_workdays)),
        (_("承诺时限"), workdays(item.limit.promised_workdays)),
        (_("到场次数"), visits % {"count": item.onsite_times}),
        (_("收费"), fee(item)),
    ]


def tags(item: ItemVersion) -> list[tuple[str, str]]:
    """Return words worth seeing at once, with their colours."""
    found = []
    if Channel.PORTAL in item.channels:
        found.append((_("可网办"), "accent"))
    if item.limit.promised_workdays == 0:
        found.append((_("当场办结"), "success"))
    if item.onsite_times == 0:
        found.append((_("一次也不用跑"), "success"))
    if item.cross_area:
        found.append((item.cross_area, "accent"))
    waived = sum(line.waived for line in materials(item.materials))
    if waived:
        found.append((_("免交材料 %(count)s 件") % {"count": waived}, "success"))
    return found


def audiences(item: ItemVersion) -> str:
    """Return for whom the item is, in words."""
    words = {Audience.PERSON: _("个人"), Audience.ENTITY: _("企业和单位")}
    return _("、").join(words[one] for one in item.audiences)


def material_line(material: Material) -> MaterialLine:
    """Return one material as a citizen reads it."""
    waived = material.waive_by is not WaiveBy.NONE or material.source is MaterialSource.FORM
    if waived:
        tag, colour = _("免交"), "success"
        how = {
            WaiveBy.LICENCE: _("从电子证照库调取"),
            WaiveBy.REGISTER: _("通过数据共享核验"),
            WaiveBy.COMMITMENT: _("以告知承诺代替"),
        }.get(material.waive_by, _("由系统根据填写的内容生成"))
    elif material.necessity is Necessity.TOLERABLE:
        days = {"days": material.tolerance_days}
        tag, colour = _("可容缺，%(days)s 个工作日内补交") % days, "warning"
        how = material.fill_notes
    elif material.necessity is Necessity.CONDITIONAL:
        tag, colour, how = _("视情形提交"), "info", material.fill_notes
    else:
        tag, colour, how = _("须提交"), "neutral", material.fill_notes
    return MaterialLine(
        id=material.id,
        name=material.name,
        tag=tag,
        colour=colour,
        how=how or material.accept_standard,
        form=material.form,
        basis=material.basis,
        waived=waived,
    )


def materials(found: Iterable[Material]) -> list[MaterialLine]:
    """Return materials as a citizen reads them."""
    return [material_line(material) for material in found]


def checklist(item: ItemVersion, answers: Mapping[str, Answer]) -> list[MaterialLine]:
    """Return the materials that belong to a case with `answers`; conditional ones are decided."""
    lines = []
    for material in needed(item, answers):
        line = material_line(material)
        if material.necessity is Necessity.CONDITIONAL and not line.waived:
            line = replace(line, tag=_("须提交"), colour="neutral")
        lines.append(line)
    return lines


def flow(item: ItemVersion) -> list[FlowLine]:
    """Return the steps of handling, applying included."""
    first = FlowLine(name=_("申请"), note=_("随时"), text=channels(item))
    return [
        first,
        *(
            FlowLine(
                name=step.name,
                note=workdays(step.workdays) if step.workdays else _("即时"),
                text=step.text,
            )
            for step in item.flow
        ),
    ]


def channels(item: ItemVersion) -> str:
    """Return where one may apply, in words."""
    words = {Channel.PORTAL: _("网上提交"), Channel.COUNTER: _("窗口提交")}
    return _("或").join(words[one] for one in item.channels)


def basis(item: ItemVersion) -> list[BasisLine]:
    """Return the legal basis, each with the article's text where it is loaded."""
    lines = []
    for one, found in zip(item.basis, catalogue.law_articles(item.basis), strict=True):
        lines.append(
            BasisLine(
                law=one.law,
                article=one.article,
                note=one.note,
                text=found.text if found else "",
                date=one.version or (found.date if found else ""),
            )
        )
    return lines


def by_field(items: Sequence[ItemVersion]) -> dict[str, list[ItemVersion]]:
    """Group items by their field, in the order given."""
    groups: dict[str, list[ItemVersion]] = {}
    for item in items:
        groups.setdefault(item.field, []).append(item)
    return groups
