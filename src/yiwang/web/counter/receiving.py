"""One application taken in at the window, on one page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.answers import kept_answers, mask
from yiwang.cases.policy.asking import Offered
from yiwang.cases.policy.assisting import AssistanceKind
from yiwang.cases.policy.commitments import certifiable, commitment_paragraphs, tolerable
from yiwang.cases.policy.deadlines import NOTICE_LIMIT_WORKDAYS
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.towns import CollectAt
from yiwang.cases.queries import CaseView, commitments
from yiwang.cases.queries.asking import offered_answers
from yiwang.cases.queries.bans import banned
from yiwang.cases.queries.running import running_of
from yiwang.cases.services.signing import STATEMENT_MAX, last_day
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import (
    Answer,
    Channel,
    ItemVersion,
    Material,
    OnCommitment,
    Question,
    QuestionKind,
    asked,
    commitment_open,
    needed,
)
from yiwang.catalogue.policy.towns import TownMode
from yiwang.catalogue.towns import TownWindow
from yiwang.halls import services as halls
from yiwang.halls.queries import TicketView
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.organisations.queries import DepartmentView
from yiwang.registers import queries as registers
from yiwang.registers import services as register_services
from yiwang.registers.queries import PERSONAL, Prefilled
from yiwang.registration import permits
from yiwang.web.automatic import granting_rules
from yiwang.web.citizen import guides
from yiwang.web.citizen.known import FIXED_KEYS, known_answers, waived_by
from yiwang.web.counter.applicants import Applicant, applicant
from yiwang.web.counter.intake import AGENT_NAME, AGENT_NUMBER, CONTACT_PHONE, REVEAL_PURPOSE
from yiwang.web.counter.letters import LetterForm
from yiwang.web.counter.papers import ACCEPTED_FILES, Papers, Sheet
from yiwang.web.counter.queue import WINDOW_KEY, ticket_in_hand
from yiwang.web.forms import Known, QuestionsForm, in_words, split_known
from yiwang.web.sentences import said
from yiwang.web.views import UNPROCESSABLE, found

CHANGEABLE_KINDS = frozenset(
    {QuestionKind.TEXT, QuestionKind.LONG_TEXT, QuestionKind.PHONE, QuestionKind.DATE}
)
"""Kinds of registered answers that may differ in a case: another place, another telephone."""


ACCEPT_AT_ONCE = "accept"
"""What the button sends that receives and accepts in one go."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One material at the window.

    Attributes:
        source: Where it is taken from instead; empty: it has to be handed in.
        tolerance_due: Last day to file it later, once that is promised; None: it may not.
        by_promise: A written promise may take its place.
        statement: What the applicant states for that.
        later_days: Working days after the decision in which it is filed (告知承诺); 0: now.
        sheet: What was taken in of it so far.
    """

    id: str
    name: str
    standard: str
    source: str
    tolerance_due: date | None
    later_days: int = 0
    by_promise: bool = False
    statement: str = ""
    sheet: Sheet

    @property
    def done(self) -> bool:
        """Whether nothing more is needed."""
        return bool(self.source or self.sheet.taken)


@dataclass(frozen=True, kw_only=True)
class Held:
    """An answer that a register holds; where the case may differ it can be typed over.

    Attributes:
        value: What tells something about a person is masked until it is looked at.
    """

    id: str
    label: str
    value: str
    source: str
    may_change: bool
    changed: str
    longest: int
    wrong: str


class ApplicationLetterForm(LetterForm):
    """The letter that brought an application (信函申请)."""

    use_required_attribute = False
    field_order = ("by_letter",)
    said_by = "by_letter"
    unsaid = _l("填写了信函收到日期或者邮件号的，请勾选“申请是邮寄来的”。")

    by_letter = forms.BooleanField(
        label=_l("申请是邮寄来的"), required=False, widget=forms.CheckboxInput(attrs={"value": "1"})
    )

    def __init__(
        self, data: QueryDict | None = None, *, today: date, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, auto_id="%s", initial=initial)
        self.today = today
        day = self.fields["mailed_on"]
        day.unmarked = True  # type: ignore[attr-defined]  # of a letter it is required
        day.widget.attrs["max"] = today.isoformat()
        day.help_text = _(
            "按收发登记填写；%(days)s 个工作日的受理期限、容缺补齐的期限自这一天起算。"
        ) % {"days": NOTICE_LIMIT_WORKDAYS}

    @property
    def posted(self) -> bool:
        """Whether it is ticked."""
        return bool(self.cleaned_data.get("by_letter"))


class Receive(Papers):
    """The form of one item for one person: all on one page, submitted once (收件).

    Nothing is kept between requests but what the page itself sends back: answers, refs of scanned
    files, ticks. A mistake anywhere shows the page again with all of it.
    """

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/receive.html"
    nav = "counter"

    @cached_property
    def who(self) -> Applicant:
        """Who applies."""
        return found(lambda: applicant(self.kwargs["ref"]))

    @cached_property
    def revealed(self) -> dict[str, str]:
        """What this answer alone shows whole of the registers, by key; nothing until asked for."""
        return {}

    @cached_property
    def wrongly_changed(self) -> dict[str, str]:
        """What is wrong with what was typed instead of a registered value, by question."""
        return {}

    @cached_property
    def ticket(self) -> TicketView | None:
        """The queue ticket that this window serves, if it was called."""
        return ticket_in_hand(self.request)

    @cached_property
    def item(self) -> ItemVersion:
        """The version in force today, for this kind of applicant and at counters."""
        item = found(lambda: catalogue.item(self.kwargs["slug"], on=self.today))
        if self.who.kind not in item.audiences or Channel.COUNTER not in item.channels:
            raise Http404("not for this applicant at a counter")
        return item

    @cached_property
    def town_window(self) -> TownWindow | None:
        """In which mode this window of a town takes the item in; None: no window of a town.

        Raises:
            NotHereError: the item is not done here; the sentence says where it is.
        """
        try:
            return services.require_taken_in(self.item, by=self.actor, on=self.today)
        except PermissionRefusedError:  # the act says so, with what was typed kept
            return None

    def stopped(self) -> HttpResponse | None:
        """Name the windows where it is done instead of a form that could not be sent."""
        if (answer := super().stopped()) is not None:
            return answer
        try:
            self.town_window  # noqa: B018 - asked here, before anything is typed
        except services.NotHereError as refusal:
            return self.render(
                {"who": self.who, "item": self.item, "message": refusal.message},
                template="counter/not_here.html",
                status=UNPROCESSABLE,
            )
        return None

    @property
    def decides(self) -> DepartmentView | None:
        """The department that decides what a window of a town takes in."""
        if self.town_window is None:
            return None
        code = organisations.deciding_department(self.item.department, on=self.today)
        return organisations.department(code)

    @property
    def collect(self) -> CollectAt | None:
        """Where the applicant collects the result, as ticked; None: it is not asked here."""
        if self.town_window is None:
            return None
        sent = self.request.POST.get("collect", CollectAt.HERE.value)
        return CollectAt(sent) if sent in set(CollectAt) else CollectAt.HERE

    @cached_property
    def prefilled(self) -> dict[str, Prefilled]:
        """What the registers hold about the applicant."""
        return registers.prefill(self.who.ref)

    @cached_property
    def offered(self) -> dict[str, Offered]:
        """What earlier cases and licences of the applicant answer; shown with its source."""
        return offered_answers(self.who.ref, self.item, on=self.today)

    @cached_property
    def given(self) -> dict[str, Answer]:
        """The answers as far as they can be read, those of the registers included.

        Answers decide which questions are asked, so they are read question by question.
        """
        answers: dict[str, Answer] = {}
        sent = self.request.POST
        for question in self.item.questions():
            if question.prefill in self.prefilled:
                continue
            if question.id in {one.id for one in asked(self.item, answers)} and sent:
                answers[question.id] = _read(question, sent)
        answers = {key: value for key, value in answers.items() if value is not None}
        held = known_answers(self.item, answers, self.prefilled)
        changed = {key: text for key in held if (text := self._changed(key))}
        return answers | held | changed

    def _changed(self, question_id: str) -> str:
        """Return what was typed instead of a registered value that does not hold for this case."""
        return self.request.POST.get(f"change_{question_id}", "").strip()

    def questions(self) -> tuple[list[Question], list[Known]]:
        """Return what is to be asked, and what the registers answer."""
        return split_known(asked(self.item, self.given), self.prefilled)

    def form(self, data: QueryDict | None) -> QuestionsForm:
        """Return the open questions as a form."""
        open_ones, _known = self.questions()
        deciding = frozenset(
            condition.question for question in self.item.questions() for condition in question.when
        ) | frozenset(
            condition.question
            for material in self.item.materials
            for condition in material.needed_when
        )
        deciding |= frozenset(condition.question for condition in self.item.commitment_when)
        held = {
            key: value for key, value in self.given.items() if key not in {q.id for q in open_ones}
        }
        return QuestionsForm(
            open_ones,
            version=self.item,
            given=held if data is not None else self.given,
            today=self.today,
            data=data,
            refreshing=deciding,
            offered=self.offered,
        )

    @property
    def wanted(self) -> Mapping[str, Material | None]:
        """The materials of the item."""
        return {material.id: material for material in self.item.materials}

    @property
    def whose(self) -> str:
        """Ref of the applicant."""
        return self.who.ref

    def empty(self) -> HttpResponse:
        """Show the form."""
        return self._page(self.form(None), self._papers({}), key=uuid.uuid4().hex)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take scanned files at once; receive when asked to; else show the page again."""
        if "letter" in request.POST and self.letter:
            return self._to_be_signed()
        if "reveal" in request.POST:
            self._reveal()
        errors = self.take_files()
        key = request.POST.get("key", "")[:64] or uuid.uuid4().hex
        if errors or "receive" not in request.POST:
            form = self.form(None)
            for question in form.questions:
                if question.id in request.POST:
                    form.initial[question.id] = (
                        request.POST.getlist(question.id)
                        if question.kind is QuestionKind.CHOICES
                        else request.POST[question.id]
                    )
            status = UNPROCESSABLE if errors else 200
            return self._page(form, self._papers(errors), key=key, status=status)
        form = self.form(request.POST)
        declared = request.POST.get("declared") == "1" or self.by_letter
        valid = form.is_valid()
        misread = not self.came.is_valid()
        for name, wrong in self.came.errors.items():
            form.add_error(
                None, forms.ValidationError(" ".join(str(one) for one in wrong), code=f"#{name}")
            )
        if not declared:
            form.add_error(
                None,
                forms.ValidationError(
                    _("请把声明读给申请人听，由申请人确认并签字后勾选。"), code="#declared"
                ),
            )
        unsigned = self.committed and request.POST.get("signed") != "1"
        if unsigned:
            form.add_error(
                None,
                forms.ValidationError(
                    _("请打印承诺书，由申请人阅读并签字后勾选；不愿承诺的选择一般方式。"),
                    code="#signed",
                ),
            )
        unread = not self.by_letter and self._told() is not None and "briefed" not in request.POST
        if unread:
            form.add_error(
                None,
                forms.ValidationError(
                    _("请把经营范围需要的许可读给申请人听，由申请人确认取得许可前不经营后勾选。"),
                    code="#briefed",
                ),
            )
        if not valid or misread or not declared or unsigned or unread:
            return self._page(form, self._papers({}), key=key, status=UNPROCESSABLE)
        return self._receive(form, key)

    @cached_property
    def may_reveal(self) -> bool:
        """Whether this clerk may see personal data whole at this window."""
        try:
            unit = services.window_department(self.item, by=self.actor, on=self.today)
        except PermissionRefusedError:
            return False
        return self.actor.may(Permission.PERSON_REVEAL, department=unit)

    def _reveal(self) -> None:
        """Write the look down and show what was masked, this once."""
        _open, known = self.questions()
        self.revealed.update(
            register_services.reveal_answers(
                ref=self.who.ref,
                keys=[one.question.prefill for one in known],
                purpose=REVEAL_PURPOSE,
                by=self.actor,
                at=self.at,
                department=services.window_department(self.item, by=self.actor, on=self.today),
            )
        )

    def _held(self, one: Known) -> Held:
        """Return a registered answer as the page shows it; the server files the whole one."""
        question = one.question
        value = one.value
        if question.prefill in self.revealed:
            value = in_words(question, self.revealed[question.prefill])
        elif question.prefill in PERSONAL and "*" not in value:
            value = mask(question, value)
        return Held(
            id=question.id,
            label=one.label,
            value=value,
            source=one.source,
            may_change=question.kind in CHANGEABLE_KINDS and question.prefill not in FIXED_KEYS,
            changed=self._changed(question.id),
            longest=question.max_length,
            wrong=self.wrongly_changed.get(question.id, ""),
        )

    def _to_be_signed(self) -> HttpResponse:
        """Show the letter of commitment alone, to be printed and signed; nothing is kept."""
        return self.render(
            {
                "who": self.who,
                "item": self.item,
                "letter": self.letter,
                "agent": self.agent,
            },
            template="counter/letter.html",
        )

    def _receive(self, form: QuestionsForm, key: str) -> HttpResponse:
        _open, known = self.questions()
        answers = {
            **{one.question.id: self.given.get(one.question.id) for one in known},
            **form.answers(),
        }
        try:
            case = services.decide_by_rules(
                case=self._take_in(answers, key), calendar=self.calendar, at=self.at
            )
        except services.IncompleteError as refusal:
            for place, wrong in refusal.problems.items():
                message = said(wrong)
                if place in form.fields:
                    form.add_error(place, message)
                    continue
                self.wrongly_changed[place] = message
                code = f"#change-{place}" if self._changed(place) else None
                form.add_error(None, forms.ValidationError(message, code=code))
            return self._page(form, self._papers({}), key=key, status=UNPROCESSABLE)
        except RefusedError as refusal:
            form.add_error(None, refusal.message)
            return self._page(form, self._papers({}), key=key, status=UNPROCESSABLE)
        return self._received(form, case)

    @transaction.atomic
    def _take_in(self, answers: Mapping[str, Answer], key: str) -> CaseView:
        """Receive, and write down who helped; both or neither."""
        case = services.receive_at_counter(
            item_slug=self.item.slug,
            applicant_ref=self.who.ref,
            answers={key_: value for key_, value in answers.items() if value is not None},
            uploads=self.scanned,
            window=self.request.session.get(WINDOW_KEY, ""),
            idempotency_key=key,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            phone=self.request.POST.get(CONTACT_PHONE, "").strip()[:20],
            paper=self.on_paper,
            by_person=self.request.POST.get("by_person") == "1",
            collect=self.collect,
            letter=self.came.letter(declared=self.request.POST.get("declared") == "1"),
            signed=services.SignedAtWindow(
                told=self.request.POST.getlist("told") if self.committed else None,
                tolerance=self.request.POST.get("tolerance") == "1" and not self.intolerant,
                certificates=self.certificates,
                agent=self.agent,
                briefed=self.request.POST.get("briefed", "")[:64],
            ),
        )
        kind = self.assistance
        if kind is not None:
            services.note_assistance(
                number=case.number,
                kind=kind,
                agent_name=self.request.POST.get(AGENT_NAME, ""),
                agent_number=self.request.POST.get(AGENT_NUMBER, "")[:40],
                consented=self.request.POST.get("consented") == "1",
                by=self.actor,
                at=self.at,
            )
        return case

    @property
    def by_letter(self) -> bool:
        """Whether the application came by post, as ticked."""
        return self.request.POST.get("by_letter") == "1"

    @cached_property
    def came(self) -> ApplicationLetterForm:
        """What was sent of the letter that brought the application."""
        return ApplicationLetterForm(self.request.POST, today=self.today)

    @cached_property
    def plain(self) -> dict[str, Answer]:
        """The answers as a case would keep them."""
        return kept_answers(self.item, self.given)

    @cached_property
    def barred(self) -> str:
        """Why this applicant may not commit; empty: they may, where the item does."""
        return commitments.commitment_barred(self.who.ref, on=self.today)

    @property
    def committed(self) -> bool:
        """Whether the applicant goes the way of notice and commitment, as ticked."""
        chosen = self.request.POST.get("way") == "commitment"
        return chosen and commitment_open(self.item, self.plain) and not self.barred

    @cached_property
    def briefing(self) -> services.Briefing | None:
        """What is read out to the applicant first, such as permits that a scope needs; or None.

        Raises:
            RefusedError: an answer it rests on cannot be read.
        """
        return services.briefing_of(self.item, self.given, self.who.ref, on=self.today)

    def _told(self) -> services.Briefing | None:
        """Return what is read out; None: nothing, or the receipt says why it cannot be."""
        try:
            return self.briefing
        except RefusedError:
            return None

    @property
    def agent(self) -> str:
        """Who signs for the applicant; empty: they sign themselves."""
        proxy = self.assistance is AssistanceKind.PROXY
        return self.request.POST.get(AGENT_NAME, "").strip()[:60] if proxy else ""

    @cached_property
    def letter(self) -> list[str]:
        """What the letter of commitment says with these answers; empty: there is none."""
        if not commitment_open(self.item, self.plain):
            return []
        return commitment_paragraphs(self.item, applicant_name=self.who.name, answers=self.plain)

    @property
    def assistance(self) -> AssistanceKind | None:
        """How the applicant is helped, as ticked; None: not at all."""
        sent = self.request.POST.get("assistance", "")
        return next((one for one in AssistanceKind if one.value == sent), None)

    def _received(self, form: QuestionsForm, case: CaseView) -> HttpResponse:
        number = case.number
        with_nothing_typed = QuestionsForm(
            form.questions,
            version=self.item,
            given={},
            today=self.today,
            offered=self.offered,
        )
        services.note_asked(
            number=number, blank=with_nothing_typed.blank(), by=self.actor, at=self.at
        )
        if self.ticket is not None and not self.by_letter:
            halls.tie_case(ticket=self.ticket.id, case_number=number, by=self.actor, at=self.at)
        self._accept_at_once(case)
        return redirect("counter:receipt", number=number)

    def _accept_at_once(self, case: CaseView) -> None:
        """Accept what is handled where it was filed, when asked to (直接受理); the receipt stands.

        What is missing stops the acceptance and not the receipt.
        """
        if case.outcome is not None:
            messages.success(
                self.request,
                _("已收件，系统已按公布的规则准予；决定书和证照可以在“打开办件”里当场打印。"),
            )
            return
        direct = self.town_window is not None and self.town_window.mode is TownMode.DIRECT
        asked_to = self.request.POST.get("receive") == ACCEPT_AT_ONCE
        if not (direct and asked_to and case.state is CaseState.RECEIVED):
            messages.success(self.request, _("已收件。"))
            return
        try:
            services.accept_case(
                number=case.number,
                calendar=self.calendar,
                by=self.actor,
                at=self.at,
                version=case.version,
            )
        except RefusedError as refusal:
            messages.warning(
                self.request,
                _("已收件，没有当场受理：%(why)s") % {"why": refusal.message},
            )
            return
        messages.success(self.request, _("已收件并当场受理，请打印收件凭证和受理通知书。"))

    def _papers(self, errors: Mapping[str, str]) -> list[Paper]:
        shown = needed(self.item, self.given)
        sheets = self.sheets({one.id: one.name for one in shown}, errors)
        return [
            Paper(
                id=material.id,
                name=material.name,
                standard=material.accept_standard,
                source=waived_by(material, self.who.ref, self.prefilled, today=self.today)
                or self._replaced(material),
                later_days=material.commitment_days if self._later(material) else 0,
                by_promise=certifiable(material) and not self.unpromising,
                statement=self._statement(material.id),
                tolerance_due=self._tolerance_due(material),
                sheet=sheets[material.id],
            )
            for material in shown
        ]

    def _tolerance_due(self, material: Material) -> date | None:
        """Return by when a material may still be filed later; None: it may not, or not any more."""
        if not tolerable(self.item, material):
            return None
        letter = self.came.letter()
        due_on = last_day(
            self.item,
            material,
            received_on=letter.received_on if letter else self.today,
            calendar=self.calendar,
        )
        return due_on if due_on >= self.today else None

    def _statement(self, material: str) -> str:
        return self.request.POST.get(f"state_{material}", "").strip()[:STATEMENT_MAX]

    @cached_property
    def unpromising(self) -> str:
        """Why no promise takes the place of a certificate; empty: one may, where the item says."""
        return self.barred if any(certifiable(one) for one in self.item.materials) else ""

    @property
    def certificates(self) -> dict[str, str]:
        """The certificates that were promised on paper instead of being handed in."""
        if self.request.POST.get("certified") != "1" or self.unpromising:
            return {}
        wanted = needed(self.item, self.given)
        return {one.id: self._statement(one.id) for one in wanted if certifiable(one)}

    def _replaced(self, material: Material) -> str:
        """Return what stands in the place of a material on this way; empty: nothing."""
        replaced = self.committed and material.on_commitment is OnCommitment.REPLACED
        return _("告知承诺书") if replaced else ""

    def _later(self, material: Material) -> bool:
        return self.committed and material.on_commitment is OnCommitment.LATER

    @cached_property
    def intolerant(self) -> str:
        """Why nothing may be missing for this applicant; empty: something may."""
        if not any(tolerable(self.item, one) for one in self.item.materials):
            return ""
        return commitments.tolerance_barred(self.who.ref, on=self.today)

    def _page(
        self, form: QuestionsForm, papers: Sequence[Paper], *, key: str, status: int = 200
    ) -> HttpResponse:
        open_ones, known = self.questions()
        guiding = {question.id for question in self.item.questionnaire}
        asks_phone = any(q.kind is QuestionKind.PHONE for q in open_ones)
        begins = "" if form.errors else _begins_at(form, papers)
        if begins in form.fields:
            form.fields[begins].widget.attrs["autofocus"] = True
        return self.render(
            {
                "who": self.who,
                "item": self.item,
                "facts": guides.facts(self.item),
                "form": form,
                "guiding": [form[q.id] for q in form.questions if q.id in guiding],
                "filled": [form[q.id] for q in form.questions if q.id not in guiding],
                "known": [self._held(one) for one in known],
                "masked": self.may_reveal
                and not self.revealed
                and any(one.question.prefill in PERSONAL for one in known),
                "revealed": bool(self.revealed),
                "ticket": self.ticket,
                "running": running_of(self.who.ref, self.item.slug),
                "banned": banned(self.item, self.who.ref, on=self.today),
                "papers": papers,
                "begins": begins,
                "unticked": _unticked(form),
                "scans": any(not one.source for one in papers),
                "town": self.town_window,
                "decides": self.decides,
                "direct": TownMode.DIRECT,
                "accept_days": NOTICE_LIMIT_WORKDAYS,
                "collect": self.collect,
                "collects": list(CollectAt),
                "automatic": granting_rules(self.item),
                "by_person": self.request.POST.get("by_person") == "1",
                "outstanding": [
                    one.name
                    for one in papers
                    if not one.done
                    and not one.tolerance_due
                    and not one.later_days
                    and not (one.by_promise and self.certificates)
                ],
                "replaceable": [
                    one for one in papers if one.by_promise and not one.done and not one.later_days
                ],
                "unpromising": self.unpromising,
                "certified": self.request.POST.get("certified") == "1",
                "tolerated": [
                    one
                    for one in papers
                    if one.tolerance_due and not one.done and not one.later_days
                ],
                "registers_scope": bool(
                    permits.scope_questions(self.item.slug) & {q.id for q in form.questions}
                ),
                "briefing": self._told(),
                "briefed": self.request.POST.get("briefed", ""),
                "letter": self.letter,
                "barred": self.barred if self.letter else "",
                "committed": self.committed,
                "told": self.request.POST.getlist("told"),
                "signed": self.request.POST.get("signed") == "1",
                "intolerant": self.intolerant,
                "promised": self.request.POST.get("tolerance") == "1",
                "key": key,
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
                "asks_contact": not self.who.has_phone and not asks_phone,
                "contact_phone": self.request.POST.get(CONTACT_PHONE, ""),
                "assistance": self.assistance,
                "assistances": list(AssistanceKind),
                "agent_name": self.request.POST.get(AGENT_NAME, ""),
                "agent_number": self.request.POST.get(AGENT_NUMBER, ""),
                "consented": self.request.POST.get("consented") == "1",
                "declared": self.request.POST.get("declared") == "1",
                "by_letter": self.by_letter,
                "came": self.came
                if "receive" in self.request.POST
                else ApplicationLetterForm(initial=self.request.POST.dict(), today=self.today),
            },
            status=status,
        )


def _begins_at(form: QuestionsForm, papers: Sequence[Paper]) -> str:
    """Return where the next key goes: a file refused, a blank question, a paper, the last tick."""
    for paper in papers:
        if paper.sheet.error:
            return paper.sheet.pick
    blank = set(form.blank())
    for question in form.questions:
        if question.id in blank and not question.optional:
            return question.id
    return next((one.sheet.tick for one in papers if not one.done), "declared")


def _unticked(form: QuestionsForm) -> dict[str, str]:
    """Return what is wrong with the ticks at the end of the page, by control."""
    errors = form.errors.as_data().get(NON_FIELD_ERRORS, [])
    return {(one.code or "").removeprefix("#"): " ".join(one.messages) for one in errors}


def _read(question: Question, sent: QueryDict) -> Answer:
    """Return one answer as the rules read it; what cannot be read is None, the form says why."""
    value = sent.get(question.id, "").strip()
    if question.kind is QuestionKind.CHOICES:
        return tuple(sent.getlist(question.id)) or None
    if not value:
        return None
    if question.kind is QuestionKind.YES_NO:
        return {"yes": True, "no": False}.get(value)
    if question.kind is QuestionKind.NUMBER:
        try:
            return float(value)
        except ValueError:
            return None
    return value
