"""Figures about the catalogue, each with the very items it counts (事项报表).

No figure is written down: each is reckoned from the item versions in force, and its lines add up to
it. What a group of figures means stands beside it in `DEFINITIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType

from yiwang.catalogue.policy.items import (
    Audience,
    CaseKind,
    Channel,
    Commitment,
    Focus,
    ItemType,
    ItemVersion,
    Material,
    MaterialSource,
    ReformMode,
    WaiveBy,
    fully_online,
    reform_words,
)
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.terms import Term


class FigureGroup(Term):
    """What figures of the catalogue are about (事项报表的分组)."""

    TYPES = "types", "事项数量"
    TIME = "time", "办理时限"
    MATERIALS = "materials", "申报材料"
    ONLINE = "online", "网上办理"
    VISITS = "visits", "到场次数"
    REFORM = "reform", "证照分离改革"
    HALL = "hall", "进驻政务服务中心"
    TOWNS = "towns", "下沉街镇"
    FOCUS = "focus", "规划的三个领域"
    ONE_WINDOW = "one_window", "与一窗通比对"
    COMMITMENT = "commitment", "告知承诺"
    CHANGES = "changes", "取消和调整"


class FigureKey(Term):
    """The figures of the catalogue (事项报表的指标)."""

    ITEMS = "items", "全部事项"
    TYPE_LICENCE = "type_licence", "行政许可"
    TYPE_PENALTY = "type_penalty", "行政处罚"
    TYPE_COMPULSION = "type_compulsion", "行政强制"
    TYPE_LEVY = "type_levy", "行政征收"
    TYPE_BENEFIT = "type_benefit", "行政给付"
    TYPE_INSPECTION = "type_inspection", "行政检查"
    TYPE_CONFIRMATION = "type_confirmation", "行政确认"
    TYPE_AWARD = "type_award", "行政奖励"
    TYPE_RULING = "type_ruling", "行政裁决"
    TYPE_OTHER_POWER = "type_other_power", "其他行政权力"
    TYPE_PUBLIC_SERVICE = "type_public_service", "公共服务"
    GUIDES = "guides", "有办事指南"
    COMPRESSION = "compression", "承诺时限压缩比例"
    ON_THE_SPOT = "on_the_spot", "当场办结（即办件）"
    REDUCTION = "reduction", "材料免交比例"
    FULLY_ONLINE = "fully_online", "全程网办"
    ONLINE = "online", "网上可办"
    MOBILE = "mobile", "移动端可办"
    TERMINAL = "terminal", "自助终端可办"
    VISITS_NONE = "visits_none", "一次也不用跑"
    VISITS_ONE = "visits_one", "要跑一次"
    VISITS_MORE = "visits_more", "要跑两次以上"
    REFORM_ALL = "reform_all", "已标明改革方式"
    REFORM_CANCEL = "reform_cancel", "直接取消审批"
    REFORM_FILE = "reform_file", "审批改为备案"
    REFORM_COMMIT = "reform_commit", "实行告知承诺"
    REFORM_OPTIMISE = "reform_optimise", "优化审批服务"
    REFORM_PILOT = "reform_pilot", "改革试点"
    REFORM_UNMARKED = "reform_unmarked", "尚未标明改革方式"
    IN_HALL = "in_hall", "进驻中心"
    NOT_IN_HALL = "not_in_hall", "不进驻中心负面清单"
    TOWN_ANY = "town_any", "街镇窗口可办"
    TOWN_DIRECT = "town_direct", "街镇直接受理"
    TOWN_FORWARDED = "town_forwarded", "街镇收受分离"
    FOCUS_BUSINESS = "focus_business", "商事登记"
    FOCUS_CONSTRUCTION = "focus_construction", "建筑许可"
    FOCUS_LIVELIHOOD = "focus_livelihood", "民生服务"
    WINDOW_COMPARED = "window_compared", "已与一窗通比对"
    WINDOW_SAME = "window_same", "功能一致"
    WINDOW_DIFFERS = "window_differs", "有差异"
    WINDOW_NONE = "window_none", "一窗通没有这项功能"
    COMMITMENT_LICENCE = "commitment_licence", "审批告知承诺"
    COMMITMENT_CERTIFICATE = "commitment_certificate", "证明事项告知承诺"
    CHANGED = "changed", "取消和调整合计"
    CANCELLED = "cancelled", "取消"
    ADJUSTED = "adjusted", "调整"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the figures of a group mean, and on what the meaning stands."""

    text: str
    text_en: str
    source: str


DEFINITIONS: Mapping[FigureGroup, Definition] = {
    FigureGroup.TYPES: Definition(
        text="一个事项计一次，按事项类型分。包括现行有效的事项，也包括目录里只有名称、还没有公布指南的事项；"
        "已取消、暂停的不计。",
        text_en="Each item counts once, by type: items in force, and items of the catalogue "
        "that have a name but no published guide yet. Cancelled and suspended items are "
        "left out.",
        source="《国务院关于在线政务服务的若干规定》第四条；事项类型代码按GB/T 39046—2020附录A.1",
    ),
    FigureGroup.TIME: Definition(
        text="压缩比例＝1－承诺时限之和÷法定时限之和。只算有指南的事项，都按工作日计，当场办结计零天；"
        "法律没有规定当场办结而承诺当场办结的，压缩的是全部法定时限。当场办结的占比以有指南的事项为分母。",
        text_en="Compression = 1 - sum of promised limits / sum of statutory limits, over items "
        "with a guide, in working days; decided at once counts as zero days. The share "
        "decided on the spot is of items with a guide.",
        source="本平台按《行政许可法》第四十二条、第八十二条计算工作日",
    ),
    FigureGroup.MATERIALS: Definition(
        text="免交比例＝免于提交的材料份数÷全部材料份数。免于提交指由电子证照、数据共享或者告知承诺代替。"
        "申请表由系统生成，不计入分子，也不计入分母；视情形提交的材料计一份。",
        text_en="Share = materials that need not be handed in / all materials. They are "
        "replaced by an e-licence, shared data or a commitment. Application forms made "
        "by the system count on neither side; a conditional material counts as one.",
        source="《上海市人民代表大会常务委员会关于进一步促进和保障“一网通办”改革的决定》第四条（两个免于提交）",
    ),
    FigureGroup.ONLINE: Definition(
        text="以有指南的事项为分母。全程网办指可以网上办理并且一次也不用到场；网上可办指可以网上申请，"
        "可能还要到场。",
        text_en="Shares of items with a guide. Fully online: done online without any visit. "
        "Online: can be applied for online, a visit may still be needed.",
        source="网上办理深度Ⅳ级的含义；《国务院关于在线政务服务的若干规定》第六条",
    ),
    FigureGroup.VISITS: Definition(
        text="按指南写明的必须到办事现场的次数分，以有指南的事项为分母，三项相加等于分母。",
        text_en="By the number of visits that the guide names, as shares of items with a guide; "
        "the three add up to all of them.",
        source="办事指南的“到办事现场次数”",
    ),
    FigureGroup.REFORM: Definition(
        text="以面向企业等法人的行政许可，加上已标明改革方式的其他事项（如改为备案的）为分母，"
        "每项只有一种改革方式（四扇门），写明自哪天起、依据哪份文件。直接取消审批的事项不再受理申请；"
        "整个事项已经取消的不计。改革试点指本市清单以外先行试的，写明依据和期限。没有标明的单独列出。",
        text_en="Shares of licences for firms and other organisations, and of other items with a "
        "mode, such as those turned into a filing; each has one mode, with its day and document. "
        "An item whose approval was cancelled takes no applications; items cancelled as a whole "
        "do not count. Trials go beyond the list of the city and name their basis and end. "
        "Licences without a mode are listed apart.",
        source="《优化营商环境条例》第十九条；《国务院关于深化“证照分离”改革进一步激发市场主体发展活力的通知》（国发〔2021〕7号）",
    ),
    FigureGroup.HALL: Definition(
        text="以有指南的事项为分母。不进驻的逐项写明理由，没有理由的不能发布。",
        text_en="Shares of items with a guide. Each item that the centre does not handle states "
        "why; without a reason it is not published.",
        source="嘉府办发〔2021〕40号（应进必进）",
    ),
    FigureGroup.TOWNS: Definition(
        text="以有指南的事项为分母。在任何一个街镇的社区事务受理服务中心可以办的计入街镇窗口可办，"
        "一个事项计一次；在各街镇方式不同的，两种方式都计入。",
        text_en="Shares of items with a guide. An item that the centre of any town does counts "
        "once as done at towns; one whose mode differs between towns counts in both modes.",
        source="内容包中的下沉安排（每项写明文号和起止日期）；社区事务受理服务中心“全市通办”的两种方式",
    ),
    FigureGroup.FOCUS: Definition(
        text="事项所属的领域由发布事项的部门标明；没有标明的不计入任何一个领域。",
        text_en="The publishing department names the field of an item; items without one count "
        "in none.",
        source="嘉府办发〔2021〕40号",
    ),
    FigureGroup.ONE_WINDOW: Definition(
        text="企业生命周期中的事项逐项与一窗通的功能比对。一窗通没有对应功能的单独计；"
        "有对应功能的，写了差异的计入有差异，没有写差异的计入功能一致。",
        text_en="Items of a firm's life, each compared with the functions of the start-up "
        "window. Without a matching function: counted apart. With one: different where "
        "a difference is written down, else the same.",
        source="嘉府办发〔2021〕40号",
    ),
    FigureGroup.COMMITMENT: Definition(
        text="以有指南的事项为分母。审批告知承诺和证明事项告知承诺分别计算。",
        text_en="Shares of items with a guide, counted apart for approvals and for certificates "
        "on commitment.",
        source="《优化营商环境条例》第十九条；《国务院办公厅关于全面推行证明事项和涉企经营许可事项告知承诺制的指导意见》（国办发〔2020〕42号）",
    ),
    FigureGroup.CHANGES: Definition(
        text="按变更记录中写有文件文号的决定计，一个事项计一次：取消过的计入取消，"
        "只暂停、恢复或者变更过的计入调整。没有文号的修订不计。",
        text_en="Decisions in the record of changes that name a document, each item once: "
        "cancelled if it ever was; adjusted if it was only suspended, resumed or "
        "changed. Revisions without a document do not count.",
        source="事项变更记录；没有文号不能取消、暂停",
    ),
}


@dataclass(frozen=True, kw_only=True)
class KnownItem:
    """An item as the counts per type need it, with a guide or without."""

    slug: str
    name: str
    item_type: ItemType
    department: str


@dataclass(frozen=True, kw_only=True)
class DecidedChange:
    """A change of an item that a numbered document decided.

    Attributes:
        cancels: It ended the item for good.
        offered: The item can still be looked up.
    """

    slug: str
    name: str
    department: str
    cancels: bool
    document: str
    on: date
    offered: bool


@dataclass(frozen=True, kw_only=True)
class FigureLine:
    """One item in a figure.

    Attributes:
        numerator, denominator: What the item adds to both sides of the figure.
        note: What is worth saying of it here, such as the reason or the document; may be empty.
        linked: The item has a page.
    """

    slug: str
    name: str
    department: str
    numerator: int = 1
    denominator: int = 1
    note: str = ""
    linked: bool = True


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure and the items behind it.

    Attributes:
        numerator: The sum over `lines`.
        denominator: What it is a share of; 0: of nothing.
        lines: The items, by name.
        counted: The figure counts its lines; else it sums what they add (days, materials).
    """

    key: FigureKey
    numerator: int
    denominator: int
    lines: tuple[FigureLine, ...]
    counted: bool = True

    @property
    def slugs(self) -> tuple[str, ...]:
        """The items behind the figure, in the order of the lines."""
        return tuple(line.slug for line in self.lines)

    @property
    def share(self) -> float | None:
        """The figure as a share, 0 to 1; None where there is nothing to be a share of."""
        return self.numerator / self.denominator if self.denominator else None


Groups = dict[FigureGroup, tuple[Figure, ...]]


def report(
    versions: Sequence[ItemVersion],
    *,
    listed: Sequence[KnownItem] = (),
    changes: Sequence[DecidedChange] = (),
    sunk: Mapping[str, Mapping[TownMode, int]] = MappingProxyType({}),
) -> Groups:
    """Return every figure of the catalogue, by group.

    Args:
        versions: The versions in force, one per item.
        listed: Items without any version; they count in the figures per type only.
        changes: Decided changes, oldest first.
        sunk: Slug -> mode -> at how many centres of towns the item is done in it.
    """
    return {
        FigureGroup.TYPES: types(versions, listed),
        FigureGroup.TIME: (compression(versions), on_the_spot(versions)),
        FigureGroup.MATERIALS: (reduction(versions),),
        FigureGroup.ONLINE: online(versions),
        FigureGroup.VISITS: visits(versions),
        FigureGroup.REFORM: reform(versions),
        FigureGroup.HALL: hall(versions),
        FigureGroup.TOWNS: at_towns(versions, sunk),
        FigureGroup.FOCUS: focus(versions),
        FigureGroup.ONE_WINDOW: one_window(versions),
        FigureGroup.COMMITMENT: commitment(versions),
        FigureGroup.CHANGES: changed(changes),
    }


def types(versions: Sequence[ItemVersion], listed: Sequence[KnownItem]) -> tuple[Figure, ...]:
    """Count items per type, ten powers and public services (十大类与公共服务)."""
    known = [
        KnownItem(slug=one.slug, name=one.name, item_type=one.item_type, department=one.department)
        for one in versions
    ]
    known.extend(listed)
    whole = len(known)

    def lines(kept: Iterable[KnownItem]) -> list[FigureLine]:
        return [FigureLine(slug=o.slug, name=o.name, department=o.department) for o in kept]

    return (
        _counted(FigureKey.ITEMS, lines(known), of=whole),
        *(
            _counted(
                FigureKey(f"type_{kind.value}"),
                lines(one for one in known if one.item_type is kind),
                of=whole,
            )
            for kind in ItemType
        ),
        _share(FigureKey.GUIDES, versions, lambda one: True, of=whole),
    )


def compression(versions: Sequence[ItemVersion]) -> Figure:
    """Return by how much the promises are shorter than the law: 1 - promised / statutory.

    A line adds the days saved to the numerator and the statutory days to the denominator.
    """
    return _summed(
        FigureKey.COMPRESSION,
        [
            _line(
                one,
                numerator=one.limit.statutory_workdays - one.limit.promised_workdays,
                denominator=one.limit.statutory_workdays,
            )
            for one in versions
        ],
    )


def on_the_spot(versions: Sequence[ItemVersion]) -> Figure:
    """Return the share of items that are decided at once (当场办结)."""
    return _share(FigureKey.ON_THE_SPOT, versions, lambda one: one.case_kind is CaseKind.IMMEDIATE)


def reduction(versions: Sequence[ItemVersion]) -> Figure:
    """Return the share of materials that need not be handed in; generated forms are left out."""
    lines = []
    for one in versions:
        asked = [each for each in one.materials if not _is_form(each)]
        waived = sum(each.waive_by is not WaiveBy.NONE for each in asked)
        lines.append(_line(one, numerator=waived, denominator=len(asked)))
    return _summed(FigureKey.REDUCTION, lines)


def online(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return what can be done from afar."""
    return (
        _share(FigureKey.FULLY_ONLINE, versions, fully_online),
        _share(FigureKey.ONLINE, versions, lambda one: Channel.PORTAL in one.channels),
        _share(
            FigureKey.MOBILE,
            versions,
            lambda one: one.mobile and Channel.PORTAL in one.channels,
        ),
        _share(FigureKey.TERMINAL, versions, lambda one: one.self_terminal),
    )


def visits(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return how often one has to come; the three add up to all items."""
    return (
        _share(FigureKey.VISITS_NONE, versions, lambda one: one.onsite_times == 0),
        _share(FigureKey.VISITS_ONE, versions, lambda one: one.onsite_times == 1, _visit_reason),
        _share(FigureKey.VISITS_MORE, versions, lambda one: one.onsite_times > 1, _visit_reason),
    )


def reform(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return the items by mode of reform (四扇门), pilots, and licences for firms without a mode.

    An item that was turned into a filing is no licence any more and counts by its mode.
    """
    permits = [
        one
        for one in versions
        if one.reform_mode is not None
        or (one.item_type is ItemType.LICENCE and Audience.ENTITY in one.audiences)
    ]

    def kept(key: FigureKey, fits: Callable[[ItemVersion], bool]) -> Figure:
        return _share(key, permits, fits, reform_words)

    return (
        kept(FigureKey.REFORM_ALL, lambda one: one.reform_mode is not None),
        *(
            kept(FigureKey(f"reform_{mode.value}"), _has("reform_mode", mode))
            for mode in ReformMode
        ),
        kept(FigureKey.REFORM_PILOT, lambda one: one.reform_pilot is not None),
        _share(FigureKey.REFORM_UNMARKED, permits, lambda one: one.reform_mode is None),
    )


def hall(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return what the centre handles, and what it does not with the reasons (负面清单)."""
    return (
        _share(FigureKey.IN_HALL, versions, lambda one: one.in_hall),
        _share(
            FigureKey.NOT_IN_HALL,
            versions,
            lambda one: not one.in_hall,
            lambda one: one.not_in_hall_reason,
        ),
    )


def at_towns(
    versions: Sequence[ItemVersion], sunk: Mapping[str, Mapping[TownMode, int]]
) -> tuple[Figure, ...]:
    """Count the items that the centres of towns do, by mode (事项下沉)."""

    def note(one: ItemVersion) -> str:
        modes = sunk[one.slug]
        return "，".join(f"{modes[mode]}个街镇{mode.label}" for mode in TownMode if mode in modes)

    return (
        _share(FigureKey.TOWN_ANY, versions, lambda one: one.slug in sunk, note),
        *(
            _share(
                FigureKey(f"town_{mode.value}"),
                versions,
                partial(_done_in, sunk, mode),
                note,
            )
            for mode in TownMode
        ),
    )


def _done_in(
    sunk: Mapping[str, Mapping[TownMode, int]], mode: TownMode, version: ItemVersion
) -> bool:
    return mode in sunk.get(version.slug, {})


def focus(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return the items of each field of the plan (三个领域)."""
    return tuple(
        _share(FigureKey(f"focus_{field.value}"), versions, _has("focus", field)) for field in Focus
    )


def one_window(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return how items of a firm's life compare with the start-up window (一窗通)."""
    compared = [one for one in versions if one.one_window is not None]

    def note(one: ItemVersion) -> str:
        found = one.one_window
        return "；".join(filter(None, (found.function, found.difference))) if found else ""

    def state(one: ItemVersion) -> FigureKey:
        found = one.one_window
        if found is None or not found.function:
            return FigureKey.WINDOW_NONE
        return FigureKey.WINDOW_DIFFERS if found.difference else FigureKey.WINDOW_SAME

    return (
        _share(FigureKey.WINDOW_COMPARED, compared, lambda one: True, note),
        *(
            _share(key, compared, lambda one, key=key: state(one) is key, note)  # type: ignore[misc]
            for key in (FigureKey.WINDOW_SAME, FigureKey.WINDOW_DIFFERS, FigureKey.WINDOW_NONE)
        ),
    )


def commitment(versions: Sequence[ItemVersion]) -> tuple[Figure, ...]:
    """Return the items on notice and commitment (告知承诺)."""
    return (
        _share(FigureKey.COMMITMENT_LICENCE, versions, _has("commitment", Commitment.LICENCE)),
        _share(
            FigureKey.COMMITMENT_CERTIFICATE, versions, _has("commitment", Commitment.CERTIFICATE)
        ),
    )


def changed(changes: Sequence[DecidedChange]) -> tuple[Figure, ...]:
    """Return items cancelled and items adjusted by a numbered document, each item once.

    The line of an item names its last decision; one that was ever cancelled counts as cancelled.
    """
    last: dict[str, DecidedChange] = {}
    for change in changes:
        if change.cancels or change.slug not in last or not last[change.slug].cancels:
            last[change.slug] = change

    def lines(kept: Iterable[DecidedChange]) -> list[FigureLine]:
        return [
            FigureLine(
                slug=one.slug,
                name=one.name,
                department=one.department,
                note=f"{one.document}（{one.on.isoformat()}）",
                linked=one.offered,
            )
            for one in kept
        ]

    every = last.values()
    return (
        _counted(FigureKey.CHANGED, lines(every), of=len(every)),
        _counted(FigureKey.CANCELLED, lines(o for o in every if o.cancels), of=len(every)),
        _counted(FigureKey.ADJUSTED, lines(o for o in every if not o.cancels), of=len(every)),
    )


def _is_form(material: Material) -> bool:
    return material.source is MaterialSource.FORM or material.waive_by is WaiveBy.GENERATED


def _visit_reason(version: ItemVersion) -> str:
    return version.onsite_reason


def _has(attribute: str, value: Term) -> Callable[[ItemVersion], bool]:
    return lambda version: getattr(version, attribute) is value


def _line(
    version: ItemVersion, *, numerator: int = 1, denominator: int = 1, note: str = ""
) -> FigureLine:
    return FigureLine(
        slug=version.slug,
        name=version.name,
        department=version.department,
        numerator=numerator,
        denominator=denominator,
        note=note,
    )


def _share(
    key: FigureKey,
    versions: Sequence[ItemVersion],
    kept: Callable[[ItemVersion], bool],
    note: Callable[[ItemVersion], str] = lambda version: "",
    *,
    of: int | None = None,
) -> Figure:
    lines = [_line(one, note=note(one)) for one in versions if kept(one)]
    return _counted(key, lines, of=len(versions) if of is None else of)


def _counted(key: FigureKey, lines: Sequence[FigureLine], *, of: int) -> Figure:
    return Figure(key=key, numerator=len(lines), denominator=of, lines=_sorted(lines))


def _summed(key: FigureKey, lines: Sequence[FigureLine]) -> Figure:
    return Figure(
        key=key,
        numerator=sum(line.numerator for line in lines),
        denominator=sum(line.denominator for line in lines),
        lines=_sorted(lines),
        counted=False,
    )


def _sorted(lines: Iterable[FigureLine]) -> tuple[FigureLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.name, line.slug)))
