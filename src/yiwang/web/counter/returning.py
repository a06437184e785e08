"""Whoever comes back to a window with a case: papers, withdrawal, letters, contacts (窗口来办)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.deadlines import NOTICE_LIMIT_WORKDAYS, day_of
from yiwang.cases.policy.mailed import entered_until
from yiwang.cases.policy.posting import PostingState, place_problems, state_problem
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Relation
from yiwang.cases.policy.visiting import (
    ADDRESS_LENGTH,
    BRINGING,
    CONTACT_LENGTH,
    FOR_THE_APPLICANT,
    WindowAct,
)
from yiwang.cases.queries import dialled, visiting
from yiwang.cases.queries.assisting import AssistanceView, assistance_of
from yiwang.cases.queries.delivering import dispatches_of
from yiwang.cases.queries.posting import place_known, posting_of
from yiwang.cases.services import Brought, FiledLine, Visitor
from yiwang.cases.services.visiting import head_of
from yiwang.catalogue.policy.items import Audience, Material
from yiwang.kernel.errors import RefusedError
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.web import spot_fixes
from yiwang.web.counter.letters import LetterForm
from yiwang.web.counter.papers import ACCEPTED_FILES, Papers
from yiwang.web.counter.queue import WINDOW_KEY, ticket_in_hand
from yiwang.web.officer.cases import CasePages
from yiwang.web.officer.handling import VersionForm
from yiwang.web.views import UNPROCESSABLE, FormPage

NAME_LENGTH = 60
REASON_LENGTH = 300
SAME_AGENT = "same_agent"
"""Choice of whoever handed the application in for the applicant: known, and not typed again."""

PRINTED = frozenset({DocumentKind.RECEIPT, DocumentKind.END_NOTICE, DocumentKind.DELIVERY_RECEIPT})
"""Letters that are printed at the window straight after an act."""


class AtWindow(CasePages):
    """What the window's pages of one case share."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    nav = "counter"

    @cached_property
    def assistance(self) -> AssistanceView | None:
        """Who handed the application in, if not the applicant alone."""
        return assistance_of(self.case.number)

    @cached_property
    def registered_head(self) -> str:
        """Name of the firm's legal representative as registered; empty: none, or a person."""
        try:
            return head_of(self.case.applicant_ref)
        except LookupError:
            return ""

    @cached_property
    def waiting(self) -> Sequence[int]:
        """Ids of the letters that can be handed over now."""
        case = self.case
        units = {case.deciding_department, case.intake_department, case.department_code}
        if case.collect_at == case.deciding_department:
            units.discard(case.intake_department)
        if not any(self.actor.may(Permission.CASE_DELIVER, department=unit) for unit in units):
            return ()
        return visiting.to_hand_over(case.number, by=self.actor)

    @cached_property
    def under_way(self) -> bool:
        """Whether a parcel with the result has neither arrived nor come back."""
        parcels = dispatches_of(self.case.number)
        return bool(parcels) and not (parcels[-1].arrived_on or parcels[-1].returned_on)

    @property
    def window(self) -> str:
        """The window that this session sits at."""
        return str(self.request.session.get(WINDOW_KEY, ""))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add who is served."""
        return super().context(ticket=ticket_in_hand(self.request), **given)

    def print(self, number: str, kinds: frozenset[DocumentKind], *, since: int) -> HttpResponse:
        """Go on to the letters of these kinds that came after letter `since`, to be printed."""
        self.__dict__.pop("file", None)
        ids = [one.id for one in self.file.documents if one.kind in kinds and one.id > since]
        address = reverse("counter:print", args=[number])
        return redirect(f"{address}?{'&'.join(f'id={one}' for one in ids)}")

    @property
    def last_letter(self) -> int:
        """Id of the newest letter."""
        return max((one.id for one in self.file.documents), default=0)


class VisitForm(VersionForm):
    """Who stands at the window; whoever the case knows is chosen and not typed."""

    act: ClassVar[WindowAct] = WindowAct.FILE_MATERIAL

    relation = forms.ChoiceField(
        label=_l("与申请人的关系"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择来人与申请人的关系。")},
    )
    agent_name = forms.CharField(
        label=_l("来人姓名"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_l("本人、法定代表人和已登记的代理人不用填。"),
        error_messages={"max_length": _l("姓名最多60个字，请核对身份证件。")},
    )
    agent_number = forms.CharField(
        label=_l("代理人身份证号"),
        max_length=18,
        required=False,
        help_text=_l("只保存遮盖后的号码。"),
        error_messages={"max_length": _l("身份证号为18位，请核对。")},
    )
    identified = forms.BooleanField(
        label=_l("已核对来人身份证件原件；代理人的，已核对授权委托书"),
        error_messages={
            "required": _l("请核对来人的身份证件（代理人的还要核对授权委托书）后勾选。")
        },
    )

    def __init__(self, *args: Any, page: AtWindow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        choice = self.fields["relation"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = self._choices()
        choice.initial = choice.choices[0][0]
        if page.assistance and page.assistance.agent_name:
            choice.initial = SAME_AGENT
        if self.act in BRINGING:
            del self.fields["identified"]
            self.fields["agent_number"].widget = forms.HiddenInput()

    def _choices(self) -> list[tuple[str, str]]:
        case = self.page.case
        firm = case.applicant_kind is Audience.ENTITY
        first = (
            (
                Relation.LEGAL_REP.value,
                f"{Relation.LEGAL_REP.label} {self.page.registered_head}".strip(),
            )
            if firm
            else (Relation.SELF.value, f"{Relation.SELF.label} {case.applicant_name}")
        )
        agent = self.page.assistance
        known = (
            [(SAME_AGENT, _("收件时的代理人 %(name)s") % {"name": agent.agent_name})]
            if agent and agent.agent_name
            else []
        )
        further = Relation.RECEIVER if firm else Relation.FAMILY
        others = [Relation.AGENT, further]
        return [
            first,
            *known,
            *(
                (one.value, one.label)
                for one in others
                if one in FOR_THE_APPLICANT or self.act in BRINGING | {WindowAct.HAND_OVER}
            ),
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for the name of whoever the case does not know."""
        cleaned = super().clean() or {}
        chosen = cleaned.get("relation", "")
        unknown = chosen in {Relation.AGENT, Relation.FAMILY, Relation.RECEIVER} or (
            chosen == Relation.LEGAL_REP and not self.page.registered_head
        )
        if unknown and not cleaned.get("agent_name", "").strip():
            self.add_error("agent_name", _("请填写来人姓名。"))
        needs_number = chosen == Relation.AGENT and self.act not in BRINGING
        if needs_number and not cleaned.get("agent_number", "").strip():
            self.add_error("agent_number", _("请填写代理人的身份证号。"))
        return cleaned

    def visitor(self) -> Visitor:
        """Return who stands at the window."""
        given = self.cleaned_data
        same = given["relation"] == SAME_AGENT
        return Visitor(
            relation=Relation.AGENT if same else Relation(given["relation"]),
            name=given["agent_name"],
            number=given["agent_number"],
            same_agent=same,
            identified=bool(given.get("identified")),
            window=self.page.window,
        )

    def of_visitor(self) -> list[Any]:
        """Return the fields about who is there, in order."""
        names = ("version", "relation", "agent_name", "agent_number", "identified")
        return [self[name] for name in names if name in self.fields]

    def of_act(self) -> list[Any]:
        """Return the fields about what is done."""
        mine = {field.name for field in self.of_visitor()}
        return [field for field in self if field.name not in mine]


class BringForm(VisitForm):
    """Who brings papers: anybody, no card is asked for."""


BY_POST = "letter"
"""Choice of a letter in place of whoever stands at the window."""


class CorrectionForm(LetterForm, BringForm):
    """Who brings a correction, or by which letter it came (信函补正)."""

    said_by = "relation"
    unsaid = _l("填写了信函收到日期或者邮件号的，请选择“补正材料是邮寄来的”。")

    def __init__(self, *args: Any, page: AtWindow, **kwargs: Any) -> None:
        super().__init__(*args, page=page, **kwargs)
        asked = page.file.correction
        self.today, self.asked_on = page.today, day_of(asked.asked_at) if asked else None
        self.fields["mailed_on"].help_text = _(
            "邮寄来的填写，%(days)s 个工作日的受理期限自这一天起算。"
        ) % {"days": NOTICE_LIMIT_WORKDAYS}

    @property
    def posted(self) -> bool:
        """Whether a letter was chosen in place of whoever stands at the window."""
        return bool(self.cleaned_data.get("relation") == BY_POST)

    def _choices(self) -> list[tuple[str, str]]:
        return [*super()._choices(), (BY_POST, _("补正材料是邮寄来的"))]

    def of_visitor(self) -> list[Any]:
        """Return the fields about who is there, or the letter, in order."""
        return [*super().of_visitor(), self["mailed_on"], self["mail_number"]]


class HandOverForm(VisitForm):
    """Who takes letters and licence."""

    act = WindowAct.HAND_OVER


WITHDRAWALS = (
    ("不再需要办理", _l("不再需要办理")),
    ("材料需要重新准备，以后再办", _l("材料需要重新准备，以后再办")),
    ("改办其他事项", _l("改办其他事项")),
)


def _reasons(choices: Sequence[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_l("撤回原因"),
        choices=choices,
        widget=forms.RadioSelect,
        required=False,
    )


def _other_reason() -> forms.CharField:
    return forms.CharField(
        label=_l("其他原因"),
        max_length=REASON_LENGTH,
        required=False,
        error_messages={"max_length": _l("撤回原因最多 300 个字，请删减。")},
    )


class _WithReason(VisitForm):
    """An act with a reason that is chosen, or typed where none fits."""

    def clean(self) -> dict[str, Any]:
        """Ask for words where no reason was chosen."""
        cleaned = super().clean() or {}
        if not (cleaned.get("why") or cleaned.get("reason", "").strip()):
            self.add_error("reason", _("请选择或者填写撤回原因。"))
        return cleaned

    @property
    def words(self) -> str:
        """Return the reason."""
        parts = (self.cleaned_data["why"], self.cleaned_data["reason"].strip())
        return "；".join(one for one in parts if one)


class WithdrawForm(_WithReason):
    """A withdrawal as the applicant signed it."""

    act = WindowAct.WITHDRAW

    why = _reasons(WITHDRAWALS)
    reason = _other_reason()
    signed = forms.BooleanField(
        label=_l("申请人或者代理人已在撤回申请书上签字"),
        error_messages={"required": _l("请打印撤回申请书，由申请人或者代理人签字后勾选。")},
    )
    handed = forms.BooleanField(label=_l("终止办理通知书当场交付"), required=False, initial=True)


class WithdrawMaterialForm(_WithReason):
    """Which material is taken back, and why."""

    act = WindowAct.WITHDRAW_MATERIAL

    material = forms.ChoiceField(
        label=_l("撤回哪一项材料"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择要撤回的材料。")},
    )
    why = _reasons(
        (
            ("内容有误，需要更换", _l("内容有误，需要更换")),
            ("原件另有用途，需要取回", _l("原件另有用途，需要取回")),
        )
    )
    reason = _other_reason()

    def __init__(self, *args: Any, page: AtWindow, **kwargs: Any) -> None:
        super().__init__(*args, page=page, **kwargs)
        choice = self.fields["material"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            (one.material_id, one.name)
            for one in page.file.materials
            if one.state is MaterialState.FILED
        ]
        if len(choice.choices) == 1:
            choice.initial = choice.choices[0][0]


class ContactForm(VisitForm):
    """How the applicant is reached from now on; what is left empty stays."""

    act = WindowAct.CHANGE_CONTACT

    phone = forms.CharField(
        label=_l("新的联系电话"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"max_length": _l("电话最多20个字，请核对。")},
    )
    contact_name = forms.CharField(
        label=_l("新的联系人"),
        max_length=CONTACT_LENGTH,
        required=False,
        error_messages={"max_length": _l("联系人最多60个字，请删减。")},
    )
    address = forms.CharField(
        label=_l("新的送达地址"),
        max_length=ADDRESS_LENGTH,
        required=False,
        error_messages={"max_length": _l("送达地址最多200个字，请删减。")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for at least one."""
        cleaned = super().clean() or {}
        if not self.errors and not any(
            cleaned.get(name, "").strip() for name in ("phone", "contact_name", "address")
        ):
            self.add_error("phone", _("请至少填写一项新的联系方式，不变的留空。"))
        return cleaned


class PostingForm(VisitForm):
    """Where the applicant wants the paper result; what is left empty is as registered."""

    act = WindowAct.ASK_POSTING

    to_name = forms.CharField(
        label=_l("收件人"),
        max_length=CONTACT_LENGTH,
        required=False,
        error_messages={"max_length": _l("收件人最多60个字，请删减。")},
    )
    phone = forms.CharField(
        label=_l("收件电话"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"max_length": _l("电话最多20个字，请核对。")},
    )
    address = forms.CharField(
        label=_l("收件地址"),
        max_length=ADDRESS_LENGTH,
        required=False,
        help_text=_l("写明街道、门牌和室号。"),
        error_messages={"max_length": _l("收件地址最多200个字，请删减。")},
    )

    def clean(self) -> dict[str, Any]:
        """Say beside its field what leads nowhere; what is left empty is as registered."""
        cleaned = super().clean() or {}
        typed = {
            "to_name": cleaned.get("to_name", "").strip(),
            "phone": dialled(cleaned.get("phone", "")),
            "address": cleaned.get("address", "").strip(),
        }
        for name, wrong in place_problems(**typed).items():
            if typed[name] and name not in self.errors:
                self.add_error(name, wrong)
        return cleaned


@dataclass(frozen=True, kw_only=True)
class Way:
    """One act that can be done now, with its address."""

    label: str
    href: str


class Case(AtWindow):
    """The case of whoever came back: the next sensible act first (来办办件)."""

    template_name = "counter/case.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the case and what can be done."""
        first, further = self._ways()
        hands_over = bool(self.waiting) and not self.under_way
        letters = {one.id: one for one in self.file.documents}
        return self.render(
            {
                "first": None if hands_over else next(iter(first), None),
                "further": [*(first if hands_over else first[1:]), *further],
                "hands_over": hands_over,
                "under_way": self.under_way,
                "waiting": [letters[one] for one in self.waiting],
                "licence": licences.by_case(self.case.number),
                "form": HandOverForm(page=self, initial={"version": self.case.version})
                if hands_over
                else None,
                "missing": visiting.to_come(self.case.number, by=self.actor),
                "enter_until": self._enter_until(),
                "wish": posting_of(self.case.number, by=self.actor)
                if self.item.mail_result
                else None,
                "contact": visiting.contact_of(self.case.number, by=self.actor),
                "fixes": spot_fixes.rows(self.file, self.item, masked=True),
                "visits": visiting.visits_of(self.case.number, by=self.actor),
                "receipts": [one for one in reversed(self.file.documents) if one.kind in PRINTED],
            }
        )

    def _enter_until(self) -> date | None:
        """Return until when a letter got in time is entered; None: the last day is not over."""
        due_on = self.case.due_on if Step.FILE_CORRECTION in self.file.steps else None
        return entered_until(due_on) if due_on is not None and due_on < self.today else None

    def _ways(self) -> tuple[list[Way], list[Way]]:
        number, steps = self.case.number, self.file.steps
        first: list[Way] = []
        further: list[Way] = []

        def add(to: list[Way], words: str, address: str) -> None:
            to.append(Way(label=words, href=reverse(address, args=[number])))

        if Step.FILE_CORRECTION in steps:
            add(first, _("收取补正材料"), "counter:correct")
        elif self._may_take() and visiting.to_come(number, by=self.actor):
            add(first, _("收取后补材料"), "counter:materials")
        if Step.ACCEPT in steps:
            add(first, _("核对并受理"), "officer:accept")
        if Step.FIX_ON_SPOT in steps:
            add(further, _("当场更正"), "counter:fix_on_spot")
        if Step.CHANGE_CONTACT in steps:
            add(further, _("变更联系方式"), "counter:contact")
        may_post = not state_problem(self.case.state, by_mail=self.item.mail_result)
        if may_post and self._may_take():
            add(further, _("结果邮寄"), "counter:posting")
        filed = any(one.state is MaterialState.FILED for one in self.file.materials)
        if Step.WITHDRAW_MATERIAL in steps and filed:
            add(further, _("撤回材料"), "counter:withdraw_material")
        if Step.WITHDRAW in steps:
            add(further, _("撤回申请"), "counter:withdraw")
        add(further, _("收件凭证"), "counter:receipt")
        add(further, _("全部办件资料"), "officer:case")
        return first, further

    def _may_take(self) -> bool:
        case = self.case
        units = (case.deciding_department, case.intake_department, case.department_code)
        return any(self.actor.may(Permission.CASE_RECEIVE, department=unit) for unit in units)


class Print(AtWindow):
    """Letters just made, to be printed and signed, in normal or large letters (打印)."""

    template_name = "counter/print.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them one after the other."""
        wanted = set(request.GET.getlist("id"))
        letters = [one for one in self.file.documents if str(one.id) in wanted]
        if not letters or any(one.kind not in PRINTED for one in letters):
            raise Http404("no such letters of this case")
        return self.render(
            {
                "letters": letters,
                "query": "&".join(f"id={one.id}" for one in letters),
                "large_print": request.GET.get("print") == "large",
                "unit": self.units.get(
                    self.case.deciding_department, self.case.deciding_department
                ),
            }
        )


class Taking(AtWindow, Papers):
    """Taking papers in for a case: shown, filled with scans, sent once."""

    form_class: ClassVar[type[BringForm]] = BringForm

    @property
    def whose(self) -> str:
        """Ref of the applicant."""
        return self.case.applicant_ref

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take scanned files at once; receive when asked to; else show the page again."""
        errors = self.take_files()
        if errors or "receive" not in request.POST:
            form = self.form_class(page=self, initial={**request.POST.dict(), **self.initial()})
            return self.page(form, errors, status=UNPROCESSABLE if errors else 200)
        form = self.form_class(request.POST, page=self)
        if not form.is_valid():
            return self.page(form, {}, status=UNPROCESSABLE)
        since = self.last_letter
        try:
            self.take_in(form)
        except PermissionRefusedError:
            raise
        except RefusedError as refusal:
            self.__dict__.pop("file", None)
            form.data = {**request.POST.dict(), **self.initial()}
            form.add_error(None, refusal.message)
            return self.page(form, {}, status=UNPROCESSABLE)
        messages.success(request, _("已收取，请打印凭证交给来人；邮寄来的寄回申请人。"))
        return self.print(self.case.number, PRINTED, since=since)

    def empty(self) -> HttpResponse:
        """Show the page before anything was handed in."""
        return self.page(self.form_class(page=self, initial=self.initial()), {})

    def initial(self) -> dict[str, Any]:
        """Return the version of the row that is shown."""
        return {"version": self.case.version}

    def take_in(self, form: BringForm) -> None:
        """Hand what was taken in to the service."""
        raise NotImplementedError

    def rows(self, errors: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return what may be handed in, line by line, as the template shows it."""
        raise NotImplementedError

    def page(
        self, form: BringForm, errors: Mapping[str, str], *, status: int = 200
    ) -> HttpResponse:
        """Show the page with all that was handed in so far."""
        return self.render(
            {
                "form": form,
                "rows": self.rows(errors),
                "open": bool(self.wanted),
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
            },
            status=status,
        )

    def by_id(self) -> dict[str, Material]:
        """Return the materials of the item by their id."""
        return {one.id: one for one in self.item.materials}


class Correct(Taking):
    """Take in what a correction asks for, line by line (窗口收取补正材料)."""

    template_name = "counter/correct.html"
    form_class = CorrectionForm

    @property
    def wanted(self) -> Mapping[str, Material | None]:
        """The lines of the correction, while it is open here."""
        if self.file.correction is None or Step.FILE_CORRECTION not in self.file.steps:
            return {}
        known = self.by_id()
        return {str(one.id): known.get(one.material_id) for one in self.file.correction.lines}

    def take_in(self, form: BringForm) -> None:
        """File every line of it."""
        assert isinstance(form, CorrectionForm)
        papers, letter = self.on_paper, form.letter()
        services.file_correction(
            number=self.case.number,
            lines=[
                FiledLine(
                    line_id=int(key),
                    upload_refs=self.scanned.get(key, ()),
                    paper=papers.get(key),
                    answer=self._answer(key),
                )
                for key in self.wanted
            ],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
            visitor=None if letter else form.visitor(),
            letter=letter,
        )

    def _answer(self, key: str) -> str:
        return self.request.POST.get(f"answer_{key}", "")[:2000]

    def rows(self, errors: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the lines of the correction."""
        correction = self.file.correction
        if correction is None:
            raise Http404("nothing to correct")
        names = {str(one.id): one.what for one in correction.lines if str(one.id) in self.wanted}
        sheets = self.sheets(names, errors)
        return [
            {"line": one, "sheet": sheets.get(str(one.id)), "answer": self._answer(str(one.id))}
            for one in correction.lines
        ]


class Materials(Taking):
    """Take in promised and tolerated papers, and what may still come (窗口收取后补材料)."""

    template_name = "counter/materials.html"

    @cached_property
    def _coming(self) -> Sequence[Any]:
        return visiting.to_come(self.case.number, by=self.actor)

    @property
    def wanted(self) -> Mapping[str, Material | None]:
        """The materials that may come."""
        known = self.by_id()
        return {one.material_id: known.get(one.material_id) for one in self._coming}

    def take_in(self, form: BringForm) -> None:
        """Take in those that were brought."""
        papers = self.on_paper
        services.take_in_materials(
            number=self.case.number,
            materials=[
                Brought(
                    material_id=key,
                    upload_refs=self.scanned.get(key, ()),
                    paper=papers.get(key),
                )
                for key in self.wanted
                if key in papers or key in self.scanned
            ],
            visitor=form.visitor(),
            by=self.actor,
            at=self.at,
        )

    def rows(self, errors: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the materials that may come."""
        known = self.by_id()
        sheets = self.sheets({one.material_id: one.name for one in self._coming}, errors)
        return [
            {
                "material": one,
                "sheet": sheets[one.material_id],
                "standard": known[one.material_id].accept_standard
                if one.material_id in known
                else "",
            }
            for one in self._coming
        ]


class Acting(AtWindow, FormPage):
    """One act at the window on one case; a refusal keeps everything that was typed."""

    form_class: ClassVar[type[VisitForm]]
    step: ClassVar[Step | None] = None

    def form(self) -> VisitForm:
        """Return the form, filled with what was sent."""
        sent = self.request.POST if self.request.method == "POST" else None
        return self.form_class(sent, page=self, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        """Return the version of the row that is shown."""
        return {"version": self.case.version}

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page with fresh facts; the form then stands for the row as it is now."""
        self.__dict__.pop("file", None)
        data = self.request.POST.copy()
        data["version"] = str(self.case.version)
        form.data = data
        return super().invalid(form)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether the act can be done now."""
        return super().context(
            open=self.step is None or self.step in self.file.steps,
            contact=visiting.contact_of(self.case.number, by=self.actor),
            **given,
        )


class HandOver(Acting):
    """Hand over letters and licence to whoever is there (当场送达)."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "counter/hand_over.html"
    form_class = HandOverForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what waits."""
        letters = {one.id: one for one in self.file.documents}
        return super().context(
            waiting=[letters[one] for one in self.waiting],
            licence=licences.by_case(self.case.number),
            under_way=self.under_way,
            **given,
        )

    def valid(self, form: HandOverForm) -> HttpResponse:
        """Hand it over."""
        since, number = self.last_letter, self.case.number
        services.hand_over(
            number=number,
            visitor=form.visitor(),
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, _("已当场送达，请打印送达回证由来人签字。"))
        return self.print(number, PRINTED, since=since)


class Withdraw(Acting):
    """Withdraw the application as the applicant asks at the window (窗口撤回申请)."""

    template_name = "counter/withdraw.html"
    form_class = WithdrawForm
    step = Step.WITHDRAW

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the statement alone to be printed and signed, or act."""
        if "statement" in request.POST:
            form = self.form()
            form.is_valid()
            why = request.POST.get("why", ""), request.POST.get("reason", "").strip()
            return self.render(
                {"form": form, "words": "；".join(one for one in why if one)},
                template="counter/statement.html",
            )
        return super().post(request, *args, **kwargs)

    @transaction.atomic
    def valid(self, form: WithdrawForm) -> HttpResponse:
        """Withdraw, and hand the notice over where the person waits for it."""
        since, number = self.last_letter, self.case.number
        case = services.withdraw_case(
            number=number,
            reason=form.words,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
            visitor=form.visitor(),
        )
        if form.cleaned_data["handed"]:
            services.hand_over(
                number=number,
                visitor=form.visitor(),
                by=self.actor,
                at=self.at,
                version=case.version,
            )
        messages.success(self.request, _("申请已撤回，请打印终止办理通知书交给来人。"))
        return self.print(number, PRINTED, since=since)


class WithdrawMaterial(Acting):
    """Take a material back as the applicant asks at the window (窗口撤回材料)."""

    template_name = "counter/withdraw_material.html"
    form_class = WithdrawMaterialForm
    step = Step.WITHDRAW_MATERIAL

    def valid(self, form: WithdrawMaterialForm) -> HttpResponse:
        """Take it back."""
        services.withdraw_material(
            number=self.case.number,
            material_id=form.cleaned_data["material"],
            reason=form.words,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
            visitor=form.visitor(),
        )
        messages.success(self.request, _("材料已撤回，已告知审查人员。"))
        return redirect("counter:case", number=self.case.number)


class Contact(Acting):
    """Change how the applicant is reached (窗口变更联系方式)."""

    template_name = "counter/contact.html"
    form_class = ContactForm
    step = Step.CHANGE_CONTACT

    def valid(self, form: ContactForm) -> HttpResponse:
        """Change it."""
        given = form.cleaned_data
        services.change_contact(
            number=self.case.number,
            contact_name=given["contact_name"],
            phone=given["phone"],
            address=given["address"],
            by=self.actor,
            at=self.at,
            version=given["version"],
            visitor=form.visitor(),
        )
        messages.success(self.request, _("联系方式已变更。"))
        return redirect("counter:case", number=self.case.number)


class Posting(Acting):
    """Have the result posted as the applicant asks at the window, or take that back (结果邮寄)."""

    template_name = "counter/posting.html"
    form_class = PostingForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add how the wish stands, what is known of the place, and why none can be had."""
        wish = posting_of(self.case.number, by=self.actor)
        return super().context(
            wish=wish,
            waiting=wish is not None and wish.state is PostingState.WAITING,
            sent=wish is not None and wish.state is PostingState.SENT,
            known=place_known(self.case.number, by=self.actor),
            closed=state_problem(self.case.state, by_mail=self.item.mail_result),
            **given,
        )

    def valid(self, form: PostingForm) -> HttpResponse:
        """Ask, or take back."""
        given = form.cleaned_data
        who: dict[str, Any] = {
            "number": self.case.number,
            "by": self.actor,
            "at": self.at,
            "version": given["version"],
            "visitor": form.visitor(),
        }
        if "take_back" in self.request.POST:
            services.take_posting_back(**who)
            messages.success(self.request, _("已取消邮寄。"))
        else:
            services.ask_posting(
                to_name=given["to_name"], phone=given["phone"], address=given["address"], **who
            )
            messages.success(self.request, _("已登记，寄出后告诉申请人邮件号码。"))
        return redirect("counter:case", number=self.case.number)
