"""How an item version is shown to citizens: facts, materials, flow (办事指南)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from yiwang.cases.queries import QueueRow, TrackView
from yiwang.catalogue import norms as register
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.norms import NormView
from yiwang.catalogue.policy.english import in_english, untranslated
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    Channel,
    Commitment,
    ItemVersion,
    Material,
    MaterialSource,
    Necessity,
    ReformMode,
    ServicePoint,
    WaiveBy,
    fully_online,
    needed,
    online_depth_of,
    reform_words,
    scenario_answers,
    takes_letters,
)
from yiwang.catalogue.policy.towns import TownMode
from yiwang.catalogue.towns import TownWindow
from yiwang.content import queries as content
from yiwang.content.policy.texts import UNVERIFIED
from yiwang.rules.policy.sources import source_words
from yiwang.rules.policy.wording import label_of, row_words
from yiwang.web.remedies import remedy_words

Named = TypeVar("Named", QueueRow, TrackView)


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
    norm: NormView | None = None


@dataclass(frozen=True, kw_only=True)
class Automatic:
    """By which rules the item is granted without a person, and what is looked at."""

    rows: Sequence[str]
    facts: Sequence[tuple[str, str]]
    """What is looked at, and where it comes from."""


@dataclass(frozen=True, kw_only=True)
class ScenarioLine:
    """One common situation and the answers that lead to its list of materials."""

    name: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, kw_only=True)
class Nearby:
    """The windows of towns that do the item in one mode, in plain words (就近办)."""

    title: str
    words: str
    places: Sequence[str]

    @property
    def line(self) -> str:
        """All of it as one sentence."""
        return f"{self.title}{_('：')}{self.words}{_('：')}{_('、').join(self.places)}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the printed guide: paragraphs, or a table with its head."""

    title: str
    paragraphs: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    widths: Sequence[int] = ()
    """Shares of the columns."""


def localized(item: ItemVersion) -> ItemVersion:
    """Return the item in the language of the page, as far as it has texts in it."""
    return in_english(item) if get_language() == "en" else item


def named(rows: Sequence[Named], *, on: date) -> list[Named]:
    """Return cases under their items' names in the language of the page; one query at most."""
    if get_language() != "en" or not rows:
        return list(rows)
    slugs = sorted({row.item_slug for row in rows})
    names = {one.slug: localized(one).name for one in catalogue.items_named(slugs, on=on)}
    return [replace(row, item_name=names.get(row.item_slug, row.item_name)) for row in rows]


def chinese_only(item: ItemVersion) -> bool:
    """Tell whether something of the guide is shown in Chinese on an English page."""
    return get_language() == "en" and bool(untranslated(item))


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


def cancelled(item: ItemVersion) -> bool:
    """Tell whether the approval was cancelled, so that nobody has to apply (直接取消审批)."""
    return item.reform_mode is ReformMode.CANCEL


def tags(item: ItemVersion) -> list[tuple[str, str]]:
    """Return words worth seeing at once, with their colours."""
    if cancelled(item):
        return [(_("不用申请"), "success")]
    found = []
    if Channel.PORTAL in item.channels:
        found.append((_("可网办"), "accent"))
    if item.limit.promised_workdays == 0:
        found.append((_("当场办结"), "success"))
    if item.onsite_times == 0:
        found.append((_("一次也不用跑"), "success"))
    if item.cross_area:
        found.append((_(item.cross_area), "accent"))
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
        tag = (
            _("可容缺，%(days)s 个工作日内补交") % days
            if material.tolerance_days
            else _("可容缺，承诺按期补交")
        )
        colour = "warning"
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


def scenarios(item: ItemVersion) -> list[ScenarioLine]:
    """Return the common situations, each with its answers."""
    return [
        ScenarioLine(name=one.name, answers=scenario_answers(item, one.id))
        for one in item.scenarios
    ]


def automatic(item: ItemVersion) -> Automatic | None:
    """Return the rules of automatic handling in plain words; None: a person handles every case.

    Source:
        个人信息保护法 第二十四条 (automated decisions are transparent).
    """
    rules = item.auto_rules
    if rules is None or not item.auto_decide:
        return None
    return Automatic(
        rows=[row_words(rules, row) for row in rules.rows],
        facts=[(label_of(fact), source_words(fact)) for fact in rules.facts],
    )


def result(item: ItemVersion) -> str:
    """Return what comes out and how long it holds."""
    words = item.result.name
    if item.result.valid_months:
        words += _("，有效期 %(months)s 个月") % {"months": item.result.valid_months}
    if item.result.renewal_lead_workdays:
        days = {"days": item.result.renewal_lead_workdays}
        words += _("，届满 %(days)s 个工作日前申请延续") % days
    return words


def details(item: ItemVersion, *, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the other facts of the version as label and words; what is not so is left out.

    Args:
        item: The version.
        names: Code of a department -> its name.
    """
    comma = _("、")
    rows = [
        (_("事项类型"), _(item.item_type.label)),
        (_("办件类型"), _(item.case_kind.label)),
        (_("服务对象"), audiences(item)),
        (_("办理形式"), channels(item)),
        (_("业务办理项"), comma.join(one.name for one in item.handling_items)),
        (_("网上办理深度"), comma.join(_(one.label) for one in online_depth_of(item))),
        (_("全程网办"), _("是") if fully_online(item) else _("否")),
        (_("必须到现场的原因"), item.onsite_reason),
        (_("通办范围"), _(item.cross_area) if item.cross_area else ""),
        (_("数量限制"), _(item.quantity_limit)),
        (_("联办机构"), comma.join(names.get(code, code) for code in item.joint_departments)),
        (_("权力来源"), _(item.power_source.label)),
        (_("委托部门"), item.entrusting_department),
        (_("告知承诺"), "" if item.commitment is Commitment.NONE else _(item.commitment.label)),
        (_("证照分离改革方式"), _(item.reform_mode.label) if item.reform_mode else ""),
        (_("改革依据"), reform_words(item)),
        (_("特别程序"), comma.join(_special(item))),
        (_("中介服务"), comma.join(f"{one.name}（{one.basis}）" for one in item.intermediaries)),
        (_("材料邮寄"), _("可以") if item.mail_materials else ""),
        (_("结果邮寄"), _("可以") if item.mail_result else ""),
        (_("预约办理"), _("可以") if item.bookable else ""),
        (_("自助终端办理"), _("可以") if item.self_terminal else ""),
        (_("网上支付"), _("可以") if item.pay_online else ""),
        (_("不进驻政务大厅的原因"), item.not_in_hall_reason),
        (_("咨询电话"), item.consult_phone),
        (_("监督投诉电话"), item.complaint_phone),
        (_("期限依据"), item.limit.source),
        (_("基本编码"), item.basic_code),
        (_("实施编码"), item.task_code),
        (_("业务办理项编码"), item.handling_code),
    ]
    return [(label, words) for label, words in rows if words]


def _special(item: ItemVersion) -> list[str]:
    lines = []
    for step in item.special_steps:
        counted = _("计入期限") if step.counted else _("不计入期限")
        lines.append(f"{step.name}（{workdays(step.workdays)}，{counted}，{step.basis}）")
    return lines


def nearby(windows: Sequence[TownWindow], *, department: str) -> list[Nearby]:
    """Return the windows of towns where an item may be filed, by mode; none: at no town's.

    Args:
        windows: Those of the item on the day of the reader.
        department: Name of the department that decides.
    """
    words = {
        TownMode.DIRECT: _("窗口当场受理，材料齐全的当场拿到受理通知书"),
        TownMode.FORWARDED: _(
            "窗口收下申请、当场出收件凭证，由%(unit)s受理和决定，结果可以在这里领"
        )
        % {"unit": department},
    }
    return [
        Nearby(
            title=_(mode.label),
            words=words[mode],
            places=[one.centre_name for one in windows if one.mode is mode],
        )
        for mode in TownMode
        if any(one.mode is mode for one in windows)
    ]


def fee_lines(item: ItemVersion) -> list[str]:
    """Return each fee with its amount and basis."""
    lines = []
    for one in item.fees:
        amount = "" if one.amount_cny is None else _("：%(n)s 元") % {"n": f"{one.amount_cny:g}"}
        lines.append(f"{one.name}{amount}（{one.basis}）")
    return lines or [_("不收费")]


def parts(
    item: ItemVersion,
    *,
    lines: Sequence[MaterialLine],
    names: Mapping[str, str],
    windows: Sequence[TownWindow] = (),
) -> list[Part]:
    """Return the whole guide for print, from the same lines that the page shows.

    Args:
        item: The version, in the language of the reader.
        lines: Its materials, all of them or those of one situation.
        names: Code of a department -> its name.
        windows: The windows of towns where the item may be filed that day.
    """
    supervision, rules = item.supervision, automatic(item)
    cited = [f"《{one.law}》{one.article}{_dated(one.version, one.note)}" for one in item.basis]
    found = [
        Part(title=_("办理条件"), paragraphs=item.conditions),
        Part(
            title=_("申请材料"),
            head=(_("材料"), _("要求"), _("是否提交")),
            rows=[(line.name, line.how, line.tag) for line in lines],
            widths=(4, 6, 3),
        ),
        Part(
            title=_("办理流程"),
            head=(_("环节"), _("期限"), _("说明")),
            rows=[(line.name, line.note, line.text) for line in flow(item)],
            widths=(2, 2, 7),
        ),
        Part(title=_("系统按什么规则自动准予"), paragraphs=rules.rows if rules else ()),
        Part(title=_("办理结果"), paragraphs=[result(item)]),
        Part(title=_("收费"), paragraphs=fee_lines(item)),
        Part(title=_("设定依据"), paragraphs=cited),
        Part(title=_("办理地点与时间"), paragraphs=_places(item)),
        nearby_part(item, names=names, windows=windows),
        Part(title=_("依法享有的权利"), paragraphs=item.rights),
        Part(title=_("依法履行的义务"), paragraphs=item.duties),
        Part(title=_("不服决定怎么办"), paragraphs=[remedy_words(item)]),
        Part(
            title=_("办结后由谁监管"),
            paragraphs=[
                f"{names.get(supervision.department, supervision.department)}"
                f"{_('：')}{supervision.method}（{supervision.basis}）"
            ],
        ),
        Part(
            title=_("常见问题"),
            rows=[(one.question, one.answer) for one in item.faq],
            head=(_("问题"), _("答复")),
            widths=(2, 5),
        ),
        Part(
            title=_("其他信息"),
            head=(_("名称"), _("内容")),
            rows=details(item, names=names),
            widths=(1, 3),
        ),
    ]
    return [part for part in found if part.paragraphs or part.rows]


def nearby_part(
    item: ItemVersion, *, names: Mapping[str, str], windows: Sequence[TownWindow]
) -> Part:
    """Return the part of the printed guide that names the windows of towns."""
    unit = names.get(item.department, item.department)
    return Part(
        title=_("就近办：街镇社区事务受理服务中心"),
        paragraphs=[one.line for one in nearby(windows, department=unit)],
    )


def edition(item: ItemVersion) -> str:
    """Return which edition of the guide this is and where its content comes from."""
    words = _("实施编码 %(code)s · 第 %(version)s 版 · 自 %(day)s 起 · 内容年份 %(year)s") % {
        "code": item.task_code,
        "version": item.version,
        "day": item.effective_on.isoformat(),
        "year": item.source_year,
    }
    source = re.sub(r"\s*" + re.escape(UNVERIFIED), _("（待核对）"), item.source)
    return f"{words} · {source}" if source else words


def _dated(version: str, note: str) -> str:
    return (f"（{version}）" if version else "") + (f"{_('：')}{note}" if note else "")


def _places(item: ItemVersion) -> list[str]:
    post = by_letter(item)
    return [*map(_place, item.service_points), *([post] if post else [])]


def _place(point: ServicePoint) -> str:
    return " · ".join(
        part for part in (point.name, point.address, point.hours, point.phone) if part
    )


def channels(item: ItemVersion) -> str:
    """Return where one may apply, in words."""
    words = {
        Channel.PORTAL: _("网上提交"),
        Channel.COUNTER: _("窗口提交"),
        Channel.LETTER: _("信函提交"),
    }
    found: list[Channel] = [one for one in item.channels if one is not Channel.LETTER]
    if takes_letters(item):
        found.append(Channel.LETTER)
    return _("或").join(words[one] for one in found)


def by_letter(item: ItemVersion) -> str:
    """Return where an application may be sent by post, in words; empty: it may not.

    Source:
        行政许可法 第二十九条第三款.
    """
    if not takes_letters(item):
        return ""
    places = _("、").join(
        f"{point.name}（{point.address}）" if point.address else point.name
        for point in item.service_points
    )
    words = _(
        "申请书和材料也可以邮寄到%(places)s，信封上写明事项名称，"
        "信里写明联系电话；收到信函的日期就是申请日期。"
    ) % {"places": places}
    if all(point.address for point in item.service_points):
        return words
    ask = item.consult_phone or content.district().hotline
    return words + _("这里没有写门牌地址的，寄出以前请拨打 %(phone)s 问清。") % {"phone": ask}


def basis(item: ItemVersion, norms: Mapping[str, NormView] = {}) -> list[BasisLine]:
    """Return the legal basis, each with the article's text and register entry where known."""
    lines = []
    for one, found in zip(item.basis, catalogue.law_articles(item.basis), strict=True):
        lines.append(
            BasisLine(
                law=one.law,
                article=one.article,
                note=one.note,
                text=found.text if found else "",
                date=one.version or (found.date if found else ""),
                norm=norms.get(one.law) or norms.get(one.note),
            )
        )
    return lines


def norms_of(item: ItemVersion, *, on: date) -> dict[str, NormView]:
    """Return what the register of normative documents holds of the item's basis."""
    texts = [text for one in item.basis for text in (one.law, one.note)]
    return register.cited_by([*texts, item.reform_doc], on=on)
