"""The two navigations: of the portal and, by post, of the back office (导航)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from yiwang.halls import queries as halls
from yiwang.organisations.permissions import Actor, Permission


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry.

    Attributes:
        key: What a page names in `nav` to be marked as current.
        address: Name of the address; an entry whose address does not exist is not shown.
        permission: Needed somewhere; None: shown to everybody.
        also: Another that opens the page too, held somewhere.
        also_address: Page that `also` opens instead where it stands alone; empty: the same.
    """

    key: str
    label: object
    address: str
    permission: Permission | None = None
    also: Permission | None = None
    also_address: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry as the template shows it."""

    key: str
    label: object
    href: str


PORTAL: Sequence[Entry] = (
    Entry(key="home", label=_("首页"), address="citizen:home"),
    Entry(key="items", label=_("办事"), address="citizen:items"),
    Entry(key="cases", label=_("我的办件"), address="citizen:cases"),
    Entry(key="licences", label=_("电子证照"), address="citizen:licences"),
    Entry(key="track", label=_("进度查询"), address="citizen:track"),
    Entry(key="help", label=_("咨询帮助"), address="citizen:help"),
)

DESK: Sequence[Entry] = (
    Entry(key="desk", label=_("工作台"), address="officer:desk", permission=Permission.WORK_DESK),
    Entry(
        key="counter",
        label=_("综合窗口"),
        address="counter:intake",
        permission=Permission.CASE_RECEIVE,
    ),
    Entry(
        key="agency",
        label=_("代办"),
        address="officer:agency",
        permission=Permission.AGENCY_HANDLE,
    ),
    Entry(key="hall", label=_("大厅"), address="officer:hall", permission=Permission.HALL_READ),
    Entry(
        key="letters",
        label=_("文书台账"),
        address="officer:letters",
        permission=Permission.CASE_READ,
    ),
    Entry(
        key="postings",
        label=_("结果邮寄"),
        address="officer:postings",
        permission=Permission.CASE_DELIVER,
    ),
    Entry(
        key="automatic",
        label=_("自动办理"),
        address="officer:auto_runs",
        permission=Permission.CASE_READ,
        also=Permission.AUTO_REPLAY,
        also_address="officer:auto_replays",
    ),
    Entry(
        key="endings",
        label=_("撤销注销"),
        address="officer:endings",
        permission=Permission.CASE_END,
    ),
    Entry(
        key="inquiries",
        label=_("征求意见"),
        address="officer:inquiries",
        permission=Permission.CASE_REVIEW,
    ),
    Entry(
        key="agency_questions",
        label=_("代办咨询"),
        address="officer:agency_questions",
        permission=Permission.CASE_REVIEW,
        also=Permission.CASE_ASSIGN,
    ),
    Entry(
        key="liaisons",
        label=_("部门联络员"),
        address="officer:liaisons",
        permission=Permission.CASE_ASSIGN,
    ),
    Entry(
        key="turned_away",
        label=_("收件核实"),
        address="officer:turned_aways",
        permission=Permission.CASE_ACCEPT,
    ),
    Entry(
        key="trail", label=_("操作日志"), address="officer:trail", permission=Permission.TRAIL_READ
    ),
    Entry(
        key="assessments",
        label=_("影响评估"),
        address="officer:assessments",
        permission=Permission.ASSESSMENT_READ,
    ),
    Entry(
        key="work_messages",
        label=_("工作消息"),
        address="officer:work_messages",
        permission=Permission.MESSAGE_READ,
    ),
    Entry(
        key="overdue",
        label=_("超期和漏办"),
        address="officer:overdue",
        permission=Permission.CASE_ASSIGN,
    ),
    Entry(
        key="figures",
        label=_("办件指标"),
        address="officer:figures",
        permission=Permission.FIGURES_READ,
    ),
    Entry(
        key="extensions",
        label=_("报请延期"),
        address="officer:extensions",
        permission=Permission.CASE_EXTEND_JOINT,
    ),
    Entry(
        key="dual_notices",
        label=_("双告知"),
        address="officer:dual_notices",
        permission=Permission.NOTICE_HANDLE,
    ),
    Entry(
        key="inspections",
        label=_("检查任务"),
        address="officer:inspections",
        permission=Permission.INSPECTION_HANDLE,
    ),
    Entry(
        key="subjects",
        label=_("监管对象"),
        address="officer:subjects",
        permission=Permission.SUBJECT_READ,
    ),
    Entry(
        key="commitments",
        label=_("承诺核查"),
        address="officer:checks",
        permission=Permission.COMMITMENT_CHECK,
    ),
    Entry(
        key="ratings",
        label=_("好差评"),
        address="officer:ratings",
        permission=Permission.RATING_READ,
    ),
    Entry(
        key="questions",
        label=_("咨询"),
        address="officer:questions",
        permission=Permission.CONSULT_ANSWER,
    ),
    Entry(key="items", label=_("事项"), address="officer:items", permission=Permission.ITEM_READ),
    Entry(
        key="norms",
        label=_("规范性文件"),
        address="officer:norms",
        permission=Permission.NORM_KEEP,
    ),
    Entry(
        key="archives",
        label=_("档案"),
        address="officer:archives",
        permission=Permission.ARCHIVE_READ,
    ),
    Entry(
        key="gateway",
        label=_("系统对接"),
        address="officer:gateway",
        permission=Permission.GATEWAY_MANAGE,
    ),
    Entry(key="users", label=_("账号"), address="officer:users", permission=Permission.USER_MANAGE),
    Entry(
        key="systems",
        label=_("部门系统"),
        address="officer:systems",
        permission=Permission.SYSTEM_MANAGE,
    ),
    Entry(
        key="notices",
        label=_("通知"),
        address="officer:notices",
        permission=Permission.SYSTEM_MANAGE,
    ),
    Entry(key="posts", label=_("岗位"), address="officer:posts", permission=Permission.POST_GRANT),
)


MOST = 6
"""Most entries side by side: what is more stands under headings."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Entries of the back office that stand under one heading."""

    label: object
    keys: Sequence[str]


GROUPS: Sequence[Group] = (
    Group(label=_("工作台"), keys=("desk", "work_messages", "questions")),
    Group(
        label=_("综合窗口"),
        keys=("counter", "agency", "hall", "postings", "turned_away"),
    ),
    Group(
        label=_("审批"),
        keys=(
            "letters",
            "automatic",
            "inquiries",
            "endings",
            "extensions",
            "overdue",
            "agency_questions",
            "liaisons",
        ),
    ),
    Group(label=_("监管"), keys=("dual_notices", "inspections", "subjects", "commitments")),
    Group(label=_("统计"), keys=("figures", "ratings", "archives", "trail")),
    Group(
        label=_("管理"),
        keys=(
            "items",
            "norms",
            "assessments",
            "gateway",
            "systems",
            "notices",
            "users",
            "posts",
        ),
    ),
)
"""Each entry of `DESK` once."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """One place of the back-office navigation: a link, or several under a label.

    Attributes:
        current: The one of its links that the page belongs to; None: it belongs elsewhere.
    """

    label: object
    links: Sequence[Link]
    current: Link | None = None


def links(entries: Sequence[Entry], allowed: Callable[[Permission], bool]) -> list[Link]:
    """Return the entries whose page exists and may be opened."""
    return [
        Link(key=entry.key, label=entry.label, href=href)
        for entry in entries
        if (href := _address(_opened(entry, allowed)))
    ]


def _opened(entry: Entry, allowed: Callable[[Permission], bool]) -> str:
    if entry.permission is None or allowed(entry.permission):
        return entry.address
    if entry.also is None or not allowed(entry.also):
        return ""
    return entry.also_address or entry.address


def portal_links() -> list[Link]:
    """Return the navigation of the portal, the same for everybody."""
    return links(PORTAL, lambda _permission: True)


def desk_links(actor: Actor) -> list[Link]:
    """Return the navigation of the back office for the posts of `actor`."""

    def allowed(permission: Permission) -> bool:
        if not actor.may_somewhere(permission):
            return False
        return permission is not Permission.HALL_READ or halls.has_hall(actor, permission)

    return links(DESK, allowed)


def desk_headings(actor: Actor, *, nav: str = "") -> list[Heading]:
    """Return the same, at most MOST side by side: few links as they are, many under headings.

    Args:
        actor: Whose page it is.
        nav: Key of the entry that the page belongs to.
    """
    by_key = {link.key: link for link in desk_links(actor)}
    current = by_key.get(nav)
    if len(by_key) <= MOST:
        parts = [(link.label, [link]) for link in by_key.values()]
    else:
        parts = [(one.label, [by_key[key] for key in one.keys if key in by_key]) for one in GROUPS]
    return [
        Heading(
            label=held[0].label if len(held) == 1 else label,
            links=held,
            current=current if current in held else None,
        )
        for label, held in parts
        if held
    ]


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
