"""The work desk: what is to be done first (工作台)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.states import FINISHED, RUNNING, CaseState
from yiwang.cases.policy.terms import Tab
from yiwang.cases.queries import QueueRow, finding
from yiwang.cases.queries.finding import NumberFound, NumberKind
from yiwang.cases.queries.procedure import missed_count
from yiwang.catalogue import norms
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.consultations import queries as consultations
from yiwang.content import queries as content
from yiwang.halls import queries as halls
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission
from yiwang.ratings import queries as ratings
from yiwang.registers import queries as registers
from yiwang.web.officer.scope import department_names
from yiwang.web.views import Page

HANDLING = (
    Permission.CASE_ACCEPT,
    Permission.CASE_REVIEW,
    Permission.CASE_DECIDE,
    Permission.CASE_DELIVER,
)
"""Permissions of those who take cases forward themselves."""

TABS_OF: dict[Permission, tuple[Tab, ...]] = {
    Permission.CASE_ACCEPT: (Tab.TO_ACCEPT, Tab.CORRECTION),
    Permission.CASE_REVIEW: (Tab.REVIEWING,),
    Permission.CASE_DECIDE: (Tab.TO_DECIDE, Tab.REVIEWING),
    Permission.CASE_DELIVER: (Tab.TO_DELIVER,),
    Permission.CASE_ASSIGN: (Tab.TO_ACCEPT, Tab.REVIEWING, Tab.TO_DECIDE, Tab.TO_DELIVER),
}
"""Tabs beside one's own work, the late and the finished, that a permission brings."""


HANDLED_IN: dict[Tab, Permission] = {
    Tab.TO_ACCEPT: Permission.CASE_ACCEPT,
    Tab.REVIEWING: Permission.CASE_REVIEW,
    Tab.TO_DECIDE: Permission.CASE_DECIDE,
}
"""Tabs whose cases are given out together, and what the one who gets them must be allowed."""

ITEMS_LISTED = 300
"""Most items that a list to choose from holds; whoever has more types the name into the box."""

CITIZEN_LENGTH = 18
_MISTYPED = re.compile(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dX]")
"""Eighteen characters with a day of birth: the number of a citizen, right or mistyped."""

QUERY_MAX = 60
TICKET_CODE = re.compile(r"[A-Z]\d{3,4}")
FIND_PURPOSE = "在工作台按证件号码查找办件"
KEPT_FIELDS = frozenset(
    {"tab", "text", "town", "near", "item", "state", "person", "channel", "first", "last"}
)
"""What the form of the desk sends on to its address."""

VERSION_DIGITS = 9
"""Longest version of a row that a page hands back."""

NEAR = (Tab.SOON.value, Tab.OVERDUE.value)
"""Lights that the other tabs can be narrowed to."""


@dataclass(frozen=True, kw_only=True)
class TabLink:
    """One tab; `count` is None for the finished, and goes no further than one beyond the most."""

    tab: Tab
    count: int | None
    current: bool

    @property
    def shown(self) -> str:
        """Return the count in words: `99+` where there are more."""
        most = cases.COUNTED_MOST
        return "" if self.count is None else f"{most}+" if self.count > most else str(self.count)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the desk with the page on which its work is done."""

    case: QueueRow
    href: str
    assignee: str
    department: str


@dataclass(frozen=True, kw_only=True)
class Handler:
    """Somebody to whom cases may be given, and how many running ones they hold."""

    ref: str
    name: str
    held: int


class Desk(Page):
    """What the posts of a person have to do, the most urgent first."""

    permission: ClassVar[Permission] = Permission.WORK_DESK
    template_name = "officer/desk.html"
    nav = "desk"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of one tab."""
        if not self.actor.may_somewhere(Permission.CASE_READ):
            given = {"waiting": self._waiting(), "norms": self._norms()}
            return self.render(given, template="officer/desk_other.html")
        wish = request.GET.get("tab", "")
        tab = Tab(wish) if wish in set(Tab) else self._first_tab()
        text = request.GET.get("text", "").strip()[:60]
        hits = self._hits(text)
        if len(hits) == 1:
            return redirect("officer:case", hits[0].case_number)
        after = request.GET.get("after") or None
        towns = {unit.code: unit.name for unit in content.district().town_units}
        town = request.GET.get("town", "")
        town = town if town in towns else ""
        near = request.GET.get("near", "")
        near = near if near in NEAR else ""
        narrowed = NarrowForm(request.GET, tab=tab, items=self._items())
        page = cases.queue(
            by=self.actor,
            tab=tab,
            at=self.at,
            calendar=self.calendar,
            text=text,
            town=town,
            near=Tab(near) if near else None,
            after=after,
            **narrowed.wish(self.actor.ref),
        )
        return self.render(
            {
                "tabs": self._tabs(page.counts, tab),
                "tab": tab,
                "text": text,
                "towns": towns,
                "town": town,
                "nears": () if tab is Tab.FINISHED or tab.value in NEAR else tuple(map(Tab, NEAR)),
                "near": near,
                "narrow": narrowed,
                "hits": hits,
                "filtered": bool(text or town or near or narrowed.used),
                "first": after is None,
                "next_after": page.after or "",
                "rows": self._rows(page.rows),
                "may_receive": self.actor.may_somewhere(Permission.CASE_RECEIVE),
                "may_assign": self.actor.may_somewhere(Permission.CASE_ASSIGN),
                "works": any(map(self.actor.may_somewhere, (*HANDLING, Permission.CASE_ASSIGN))),
                "handlers": self._handlers(tab, page.rows),
                "waiting": self._waiting(),
                "norms": self._norms(),
                "questions": self._questions(),
                "missed": missed_count(by=self.actor, most=cases.COUNTED_MOST),
                "most": cases.COUNTED_MOST,
                "unread": cases.unread_messages(self.actor.ref),
            }
        )

    def _hits(self, text: str) -> tuple[NumberFound, ...]:
        """Return the cases that a number leads to, the ticket of a queue of today among them."""
        if not text:
            return ()
        if found := finding.by_number(text, by=self.actor):
            return found
        code = text.upper()
        if not TICKET_CODE.fullmatch(code):
            return ()
        numbers = halls.cases_of_code(code, day=self.today)
        return finding.of_numbers(numbers, NumberKind.TICKET, by=self.actor)

    def _items(self) -> list[tuple[str, str]]:
        """Return the items that this person's cases are about; none where there are too many."""
        own = self.actor.departments(Permission.CASE_READ)
        windows = self.actor.may_somewhere(Permission.CASE_RECEIVE) or EVERYWHERE in own
        named = catalogue.item_names(
            on=self.today, departments=None if windows else own, limit=ITEMS_LISTED + 1
        )
        return named if len(named) <= ITEMS_LISTED else []

    def _first_tab(self) -> Tab:
        """Return one's own work; else what is to be given out; whoever only reads: the finished."""
        if any(self.actor.may_somewhere(one) for one in HANDLING):
            return Tab.MINE
        assigns = self.actor.may_somewhere(Permission.CASE_ASSIGN)
        return Tab.TO_ACCEPT if assigns else Tab.FINISHED

    def _tabs(self, counts: dict[Tab, int], current: Tab) -> Sequence[TabLink]:
        wanted = {self._first_tab(), Tab.SOON, Tab.OVERDUE, Tab.FINISHED, current}
        for permission, tabs in TABS_OF.items():
            if self.actor.may_somewhere(permission):
                wanted.update(tabs)
        return [
            TabLink(tab=tab, count=counts.get(tab), current=tab is current)
            for tab in Tab
            if tab in wanted
        ]

    def _rows(self, rows: Sequence[QueueRow]) -> Sequence[Row]:
        names = organisations.names_of(row.assigned_to for row in rows)
        units = department_names()
        return [
            Row(
                case=row,
                href=self._place(row),
                assignee=names.get(row.assigned_to, ""),
                department=units.get(row.deciding_department, row.deciding_department),
            )
            for row in rows
        ]

    def _place(self, row: QueueRow) -> str:
        """Return where this person works on a line; what another desk accepts is only read."""
        if row.state is CaseState.RECEIVED and row.town_mode is not None:
            direct = row.town_mode is TownMode.DIRECT
            code = row.intake_department if direct else row.deciding_department
            if not self.actor.may(Permission.CASE_ACCEPT, department=code):
                return reverse("officer:case", args=[row.number])
        return work_address(row.number, row.state, self.actor)

    def _handlers(self, tab: Tab, rows: Sequence[QueueRow]) -> Sequence[Handler]:
        """Return to whom the lines of this page may be given together, with what they hold."""
        permission = HANDLED_IN.get(tab)
        if permission is None or not rows or not self.actor.may_somewhere(Permission.CASE_ASSIGN):
            return ()
        units = {row.deciding_department for row in rows}
        if permission is Permission.CASE_ACCEPT:
            units |= {row.intake_department for row in rows}
        held = cases.open_per_person(by=self.actor)
        return [
            Handler(ref=f"user:{one.login}", name=one.name, held=held.get(f"user:{one.login}", 0))
            for one in organisations.staff_in(permission, departments=sorted(units), at=self.at)
        ]

    def _waiting(self) -> int:
        """Return how many bad ratings wait for this person; 0 for whoever does not answer them."""
        if not self.actor.may_somewhere(Permission.RATING_ANSWER):
            return 0
        return ratings.unfinished_tasks(by=self.actor)

    def _norms(self) -> int:
        """Return how many normative documents run out, ran out, or are cited after their end."""
        held = self.actor.departments(Permission.NORM_KEEP)
        if not held:
            return 0
        return len(norms.due(on=self.today, departments=None if EVERYWHERE in held else held))

    def _questions(self) -> int:
        """Return how many questions of the public wait for this person's departments."""
        if not self.actor.may_somewhere(Permission.CONSULT_ANSWER):
            return 0
        return consultations.open_consultations(by=self.actor)


class Find(Page):
    """One box over every number; the number of a citizen stays out of the address (编号直达)."""

    permission: ClassVar[Permission] = Permission.WORK_DESK
    template_name = "officer/found.html"
    nav = "desk"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back to the desk."""
        return redirect("officer:desk")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Find a citizen's cases here; hand everything else to the desk as an address."""
        text = "".join(request.POST.get("text", "").split()).upper()
        if len(text) == CITIZEN_LENGTH and citizen_id.check(text, on=self.today).ok:
            if self.actor.may_somewhere(Permission.PERSON_FIND):
                return self._of_person(text)
            messages.error(request, _("您的岗位不能按证件号码查找，请用办件编号或者查询码。"))
            return redirect("officer:desk")
        if _MISTYPED.fullmatch(text) and not uscc.check(text).ok:  # as personal as a right one
            messages.error(request, citizen_id.check(text, on=self.today).message)
            return redirect("officer:desk")
        kept = [
            (name, value[:QUERY_MAX])
            for name, value in request.POST.items()
            if value and name in KEPT_FIELDS
        ]
        return redirect(f"{reverse('officer:desk')}?{urlencode(kept)}")

    def _of_person(self, number: str) -> HttpResponse:
        person = registers.find_person(
            id_number=number, by=self.actor, at=self.at, purpose=FIND_PURPOSE
        )
        hits = finding.of_applicant(person.ref, by=self.actor) if person else ()
        if len(hits) == 1:
            return redirect("officer:case", hits[0].case_number)
        return self.render({"person": person, "hits": hits})


class Load(Page):
    """Who holds how much, and how much of it is late (在办情况)."""

    permission: ClassVar[Permission] = Permission.CASE_ASSIGN
    template_name = "officer/load.html"
    nav = "desk"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one line per person, those with late cases first."""
        rows = cases.load_per_person(by=self.actor, at=self.at, calendar=self.calendar)
        names = organisations.names_of(one.ref for one in rows)
        return self.render(
            {"rows": [{"name": names.get(one.ref, one.ref), "load": one} for one in rows]}
        )


class NarrowForm(forms.Form):
    """What the list is narrowed to beside text, town and light; what is wrong is left out."""

    item = forms.ChoiceField(label=_l("事项"), required=False)
    state = forms.ChoiceField(label=_l("状态"), required=False)
    person = forms.ChoiceField(
        label=_l("承办人"),
        required=False,
        choices=[("", _l("全部")), ("me", _l("我")), ("nobody", _l("未分派"))],
    )
    channel = forms.ChoiceField(
        label=_l("收件渠道"),
        required=False,
        choices=[("", _l("全部")), *((one.value, _l(one.label)) for one in Channel)],
    )
    first = forms.DateField(
        label=_l("收件日期自"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_l("收件日期至"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, sent: Any, *, tab: Tab, items: Sequence[tuple[str, str]]) -> None:
        super().__init__(sent, auto_id="narrow_%s")
        listed = self.fields["item"]
        assert isinstance(listed, forms.ChoiceField)
        listed.choices = [("", _("全部")), *items]
        if not items:
            del self.fields["item"]
        states = FINISHED if tab is Tab.FINISHED else RUNNING
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("全部")),
            *((one.value, _l(one.label)) for one in CaseState if one in states),
        ]
        for one in self.fields.values():
            one.unmarked = True  # type: ignore[attr-defined]  # read by c-field
        self.is_valid()

    @property
    def used(self) -> bool:
        """Whether anything is narrowed."""
        return any(self.cleaned_data.get(name) for name in self.fields)

    def wish(self, me: str) -> dict[str, Any]:
        """Return what the queue is asked for."""
        given = self.cleaned_data
        person = {"me": me, "nobody": ""}.get(given.get("person", ""))
        return {
            "item": given.get("item") or "",
            "state": CaseState(given["state"]) if given.get("state") else None,
            "person": person,
            "channel": Channel(given["channel"]) if given.get("channel") else None,
            "received": (given.get("first"), given.get("last")),
        }


PLACES: dict[CaseState, tuple[Permission, str]] = {
    CaseState.RECEIVED: (Permission.CASE_ACCEPT, "officer:accept"),
    CaseState.ACCEPTED: (Permission.CASE_REVIEW, "officer:review"),
    CaseState.REVIEWING: (Permission.CASE_REVIEW, "officer:review"),
    CaseState.DECISION_PENDING: (Permission.CASE_DECIDE, "officer:decide"),
    CaseState.APPROVED: (Permission.CASE_DELIVER, "officer:deliver"),
    CaseState.REJECTED: (Permission.CASE_DELIVER, "officer:deliver"),
    CaseState.DELIVERING: (Permission.CASE_DELIVER, "officer:deliver"),
}
"""State -> on which page whoever holds the permission works; elsewhere the file itself."""


def work_address(number: str, state: CaseState, actor: Actor) -> str:
    """Return the page on which `actor` takes the case forward, so that one click is enough."""
    permission, name = PLACES.get(state, (None, ""))
    if permission is not None and actor.may_somewhere(permission):
        return reverse(name, args=[number])
    return reverse("officer:case", args=[number])


class AssignMany(Page):
    """Give the ticked cases of the desk to one person (批量分派)."""

    permission: ClassVar[Permission] = Permission.CASE_ASSIGN
    template_name = "officer/desk.html"
    nav = "desk"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back to the desk."""
        return redirect("officer:desk")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give each case in an act of its own; say which could not be given and why."""
        ticked = list(dict.fromkeys(request.POST.getlist("case")))[: cases.PAGE_LIMIT]
        to = request.POST.get("to", "")
        tab = request.POST.get("tab", "")
        back = redirect(
            f"{reverse('officer:desk')}?tab={tab if tab in set(Tab) else Tab.TO_ACCEPT}"
        )
        if not ticked or not to:
            messages.error(request, _("请先勾选办件，再选择承办人。"))
            return back
        given = 0
        for one in ticked:
            number, _sign, version = one.partition("@")
            if not version.isdecimal() or len(version) > VERSION_DIGITS:
                messages.error(request, _("页面不完整，请刷新后再办。"))
                continue
            try:
                services.assign_case(
                    number=number, to=to, by=self.actor, at=self.at, version=int(version)
                )
            except RefusedError as refusal:
                messages.error(request, f"{self._named(number)}：{refusal}")
            else:
                given += 1
        if given:
            messages.success(
                request, ngettext("已分派%(n)s件。", "已分派%(n)s件。", given) % {"n": given}
            )
        return back

    def _named(self, number: str) -> str:
        """Return what the list calls a case; one that may not be read keeps what was sent."""
        try:
            return cases.case(number, by=self.actor).query_code
        except cases.CaseNotFoundError:
            return number
