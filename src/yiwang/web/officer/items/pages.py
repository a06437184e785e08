"""The items of one's departments: list, one item with its history, its withdrawal (事项)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import queries as cases
from yiwang.catalogue import drafts, services
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.drafts import DraftLine, KeptItem, Standing, VersionLine
from yiwang.catalogue.policy.drafting import DraftState
from yiwang.catalogue.policy.items import ItemState
from yiwang.catalogue.services.publishing import DOCUMENT_CHARS
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.views import FormPage, Page, found

TABS = ("items", "drafts", "mine")

TURN_WORDS: Mapping[DraftState, Any] = {
    DraftState.WRITING: _l("编写人"),
    DraftState.DEPARTMENT: _l("部门负责人"),
    DraftState.LEGAL: _l("法制审核人员"),
    DraftState.CENTRE: _l("中心审核人员"),
}
"""State of an open draft -> who takes the next step."""

CHANGES: Mapping[str, Any] = {
    "publish": _l("发布版本"),
    "adjust": _l("调整事项"),
    "suspended": _l("暂停办理"),
    "cancelled": _l("取消事项"),
    "resume": _l("恢复办理"),
}
"""Act in the history of an item -> its words."""

COLOURS: Mapping[Standing, str] = {
    Standing.IN_FORCE: "success",
    Standing.PLANNED: "info",
    Standing.SUSPENDED: "warning",
}


@dataclass(frozen=True, kw_only=True)
class DraftRow:
    """One draft in a list with its words.

    Attributes:
        mine: Whether the reader may take the next step.
    """

    draft: DraftLine
    department: str
    turn: object
    changed_by: str
    mine: bool


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version with how many running cases came in under it.

    Attributes:
        shown: Its state in words, as of today.
        earlier: Number of the version before it; 0: it is the first.
    """

    version: VersionLine
    shown: str
    colour: str
    open_cases: int
    published_by: str
    earlier: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a history."""

    at: object
    title: str
    text: str
    who: str


class Items(Page):
    """Items, open drafts, and what waits for the reader."""

    permission: ClassVar[Permission] = Permission.ITEM_READ
    template_name = "officer/items/list.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of one tab."""
        wish = request.GET.get("tab", "")
        tab = wish if wish in TABS else TABS[0]
        after = request.GET.get("after", "")
        units = departments_of(self.actor, Permission.ITEM_READ, on=self.today)
        department = request.GET.get("department", "")
        department = department if department in {unit.code for unit in units} else ""
        context: dict[str, Any] = {
            "tab": tab,
            "first": not after,
            "units": units if len(units) > 1 else (),
            "department": department,
            "waiting": drafts.waiting_count(by=self.actor),
            "may_write": self.actor.may_somewhere(Permission.ITEM_EDIT),
        }
        if tab == "items":
            context |= self._items(request, department=department, after=after)
        else:
            page = drafts.draft_page(
                by=self.actor, mine=tab == "mine", after=after, department=department
            )
            context |= {"rows": self.draft_rows(page.rows), "next_after": page.after}
        return self.render(context)

    def _items(self, request: HttpRequest, *, department: str, after: str) -> dict[str, Any]:
        text = request.GET.get("text", "").strip()[:60]
        wish = request.GET.get("standing", "")
        standing = Standing(wish) if wish in set(Standing) else None
        page = drafts.item_page(
            by=self.actor,
            on=self.today,
            text=text,
            department=department,
            standing=standing,
            after=after,
        )
        names = department_names()
        return {
            "rows": [
                (
                    row,
                    names.get(row.department, row.department),
                    COLOURS.get(row.standing, "neutral"),
                    TURN_WORDS[row.draft.state] if row.draft else "",
                )
                for row in page.rows
            ],
            "total": page.total,
            "next_after": page.after,
            "text": text,
            "standing": standing,
            "standings": tuple(Standing),
            "filtered": bool(text or department or standing),
        }

    def draft_rows(self, lines: Sequence[DraftLine]) -> list[DraftRow]:
        """Return drafts with their words; two queries."""
        names = department_names()
        people = organisations.names_of(line.changed_by for line in lines)
        return [
            DraftRow(
                draft=line,
                department=names.get(line.department, line.department),
                turn=TURN_WORDS[line.state],
                changed_by=people.get(line.changed_by, line.changed_by),
                mine=self.actor.may(drafts.TURNS[line.state], department=line.department),
            )
            for line in lines
        ]


class Decisions(Page):
    """What decisions did to items, each with its document number (事项取消和调整)."""

    permission: ClassVar[Permission] = Permission.ITEM_READ
    template_name = "officer/items/decisions.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page, newest first."""
        after = request.GET.get("after", "")
        page = drafts.withdrawals(by=self.actor, after=after)
        people = organisations.names_of(row.by for row in page.rows)
        names = department_names()
        return self.render(
            {
                "rows": [
                    (
                        row,
                        CHANGES.get(row.act, row.act),
                        names.get(row.department, row.department),
                        who(row.by, people),
                    )
                    for row in page.rows
                ],
                "counts": [
                    (CHANGES[act], _("%(n)s 项次") % {"n": page.counts.get(act, 0)})
                    for act in ("cancelled", "adjust", "suspended", "resume")
                ],
                "first": not after,
                "next_after": page.after,
            }
        )


class OneItem(Page):
    """What pages about one item share."""

    permission: ClassVar[Permission] = Permission.ITEM_READ
    nav = "items"

    @cached_property
    def item(self) -> KeptItem:
        """The item of the address, if the reader may see it."""
        return found(lambda: drafts.kept_item(self.kwargs["slug"], by=self.actor, on=self.today))

    def may(self, permission: Permission) -> bool:
        """Tell whether the reader holds `permission` in the item's department."""
        return self.actor.may(permission, department=self.item.row.department)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the item and its department, unless the page shows something else there."""
        row = self.item.row
        shared = {
            "item": self.item,
            "row": row,
            "department": department_names().get(row.department, row.department),
        }
        return super().context(**(shared | given))


class Item(OneItem):
    """One item: versions with their days, drafts, history, and what may be done."""

    template_name = "officer/items/item.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        row, newest = self.item.row, self.item.newest
        changes = catalogue.item_changes(row.slug)
        refs = {change.by for change in changes} | {one.published_by for one in self.item.versions}
        people = organisations.names_of(refs)
        state = newest.state if newest else None
        publishes = self.may(Permission.ITEM_PUBLISH)
        return self.render(
            {
                "colour": COLOURS.get(row.standing, "neutral"),
                "turn": TURN_WORDS[row.draft.state] if row.draft else "",
                "versions": self._versions(people),
                "entries": [
                    Entry(
                        at=change.at,
                        title=str(CHANGES.get(change.act, change.act)),
                        who=who(change.by, people),
                        text=_change_words(change),
                    )
                    for change in changes
                ],
                "may_write": self.may(Permission.ITEM_EDIT)
                and newest is not None
                and state is not ItemState.CANCELLED,
                "may_suspend": publishes and state is ItemState.PUBLISHED,
                "may_cancel": publishes and state in {ItemState.PUBLISHED, ItemState.SUSPENDED},
                "may_resume": publishes and state is ItemState.SUSPENDED,
                "codes": [
                    (label, value)
                    for label, value in (
                        (_("标识"), row.slug),
                        (_("基本编码"), self.item.catalog_code),
                        (_("实施编码"), self.item.task_code),
                        (_("原系统编码"), self.item.external_code),
                        (_("来源内容包"), self.item.pack),
                    )
                    if value
                ],
            }
        )

    def _versions(self, people: Mapping[str, str]) -> list[VersionRow]:
        held = cases.open_by_version(self.item.row.slug)
        rows = []
        for place, one in enumerate(self.item.versions):
            words, colour = _shown(one)
            rows.append(
                VersionRow(
                    version=one,
                    shown=words,
                    colour=colour,
                    open_cases=held.get(one.version, 0),
                    published_by=who(one.published_by, people),
                    earlier=next((v.version for v in self.item.versions[place + 1 :]), 0),
                )
            )
        return rows


def who(ref: str, people: Mapping[str, str]) -> str:
    """Return the name behind a ref; the program itself and its operator by what they are."""
    if ref.startswith(("system:", "job:")):
        return _("系统（装入内容包）")
    return people.get(ref, ref)


def _shown(one: VersionLine) -> tuple[str, str]:
    if one.in_force:
        return _("在用"), "success"
    if one.planned:
        return _("待生效"), "info"
    return _(one.state.label), "neutral"


def _change_words(change: catalogue.ItemChangeView) -> str:
    parts = [_("第 %(n)s 版") % {"n": change.version}]
    if change.document:
        parts.append(_("文号：%(document)s") % {"document": change.document})
    return " · ".join(parts)


class Begin(OneItem):
    """Begin the next version of an item; a draft can be discarded, so one step is enough."""

    permission: ClassVar[Permission] = Permission.ITEM_EDIT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back to the item."""
        return redirect("officer:item", slug=self.item.row.slug)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Begin it and open it; a draft that is open already is opened instead."""
        if self.item.row.draft is not None:
            messages.info(request, _("该事项已有一份草稿，请在这份草稿上修改。"))
            return redirect("officer:draft", number=self.item.row.draft.id)
        number = found(
            lambda: services.begin_draft(slug=self.item.row.slug, by=self.actor, at=self.at)
        )
        messages.success(request, _("已建立草稿，修改后送审；在用的版本不受影响。"))
        return redirect("officer:draft", number=number)


class DocumentForm(forms.Form):
    """The decision that an act on an item stands on."""

    use_required_attribute = False

    document = forms.CharField(
        label=_l("决定文号"),
        max_length=DOCUMENT_CHARS,
        help_text=_l("作出决定的文件文号，如 某府办发〔2026〕12号；记入事项变更记录。"),
        error_messages={
            "required": _l("请填写作出决定的文件文号，事项变动须有依据。"),
            "max_length": _l("文号过长，请只填写文号。"),
        },
    )


class WithdrawForm(DocumentForm):
    """A withdrawal: the decision, and the first day without the item."""

    from_on = forms.DateField(
        label=_l("自哪一天起"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_l("当天起不再收件，不能早于今天。"),
        error_messages={
            "required": _l("请填写从哪一天起。"),
            "invalid": _l("日期应为年-月-日，例如 2026-03-09。"),
        },
    )


class Adjust(OneItem, FormPage):
    """Begin a version that carries out a decision to adjust the item (调整)."""

    permission: ClassVar[Permission] = Permission.ITEM_EDIT
    template_name = "officer/items/adjust.html"
    form_class = DocumentForm

    def valid(self, form: DocumentForm) -> HttpResponse:
        """Begin it."""
        number = found(
            lambda: services.begin_draft(
                slug=self.item.row.slug,
                document=form.cleaned_data["document"],
                by=self.actor,
                at=self.at,
            )
        )
        messages.success(self.request, _("已建立草稿，发布时记下决定文号。"))
        return redirect("officer:draft", number=number)


class Withdraw(OneItem, Confirmed):
    """Suspend, cancel or resume: first the decision, then what it touches, then the act.

    Attributes:
        act: suspend, cancel or resume.
    """

    permission: ClassVar[Permission] = Permission.ITEM_PUBLISH
    template_name = "officer/items/withdraw.html"
    confirm_template = "officer/items/confirm.html"
    act = "suspend"

    def form(self) -> forms.Form:
        """Return the form of the act."""
        sent = self.request.POST if self.request.method == "POST" else None
        return self._form_class(sent, initial={"from_on": self.today})

    @property
    def _form_class(self) -> type[forms.Form]:
        return DocumentForm if self.act == "resume" else WithdrawForm

    def form_again(self) -> forms.Form:
        """Return the form with what was typed and nothing complained about."""
        initial = {name: self.request.POST.get(name) for name in self._form_class.base_fields}
        return self._form_class(initial=initial)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what the act touches."""
        words, title = {
            "suspend": (_("暂停办理"), _("暂停事项")),
            "cancel": (_("取消事项"), _("取消事项")),
            "resume": (_("恢复办理"), _("恢复事项")),
        }[self.act]
        slug = self.item.row.slug
        return super().context(
            act=self.act,
            words=words,
            title=title,
            open_cases=cases.open_of_item(slug),
            open_count=sum(cases.open_by_version(slug).values()),
            touched=drafts.touched(slug),
            guide=reverse("citizen:item", args=[slug]),
            **given,
        )

    def confirmation(self, form: Any) -> Mapping[str, Any]:
        """Name the item and what follows."""
        row = self.item.row
        day = form.cleaned_data.get("from_on") or self.today
        lines = [(_("决定文号"), form.cleaned_data["document"])]
        if self.act != "resume":
            lines.append((_("自哪一天起"), day.isoformat()))
        consequence = {
            "suspend": _(
                "自 %(day)s 起不再收件，办事指南显示该事项已停办；"
                "已经收下的办件按原版本继续办理，以后可以恢复。"
            ),
            "cancel": _(
                "自 %(day)s 起不再收件，办事指南撤下，不能恢复；"
                "已经收下的办件按原版本办完，另有法律规定的除外。"
            ),
            "resume": _("自 %(day)s 起按暂停前的内容重新收件，办事指南重新公布。"),
        }[self.act]
        return {
            "object": _("事项：%(name)s（%(slug)s）") % {"name": row.name, "slug": row.slug},
            "consequence": consequence % {"day": day.isoformat()},
            "lines": lines,
            "colour": "accent" if self.act == "resume" else "danger",
        }

    def valid(self, form: Any) -> HttpResponse:
        """Do it."""
        slug, document = self.item.row.slug, form.cleaned_data["document"]
        common: dict[str, Any] = {"slug": slug, "document": document, "by": self.actor}
        if self.act == "resume":
            found(lambda: services.resume_item(**common, at=self.at))
        else:
            act = services.cancel_item if self.act == "cancel" else services.suspend_item
            found(lambda: act(**common, from_on=form.cleaned_data["from_on"], at=self.at))
        messages.success(
            self.request,
            _("已办理，决定文号 %(document)s 已记入变更记录。") % {"document": document},
        )
        return redirect("officer:item", slug=slug)
