"""One's own cases: list, progress, correction, withdrawal, files (我的办件)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.deadlines import NOTICE_LIMIT_WORKDAYS
from yiwang.cases.policy.interested import Party
from yiwang.cases.policy.posting import DECIDED, LIVE, PostingState, state_problem
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Outcome
from yiwang.cases.policy.visiting import ADDRESS_LENGTH, CONTACT_LENGTH
from yiwang.cases.queries import (
    CasePage,
    CaseView,
    DocumentView,
    automatic,
    commitments,
    on_spot,
    visiting,
)
from yiwang.cases.queries.ending import end_proposal
from yiwang.cases.queries.interested import interested_of
from yiwang.cases.queries.parcels import came_back
from yiwang.cases.queries.posting import posting_of
from yiwang.cases.queries.procedure import procedure_of
from yiwang.cases.services import FiledLine
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.licences import queries as licences
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.ratings import queries as ratings
from yiwang.registration import permits
from yiwang.web import forms as web_forms
from yiwang.web import spot_fixes
from yiwang.web.citizen import guides, progress
from yiwang.web.citizen.known import subject_name
from yiwang.web.citizen.materials import ACCEPTED_FILES
from yiwang.web.downloads import pdf
from yiwang.web.uploads import take_in
from yiwang.web.views import APPLICANT, UNPROCESSABLE, FormPage, Page, found

PAGE_CASES = 20
REASON_LENGTH = 300


class Cases(Page):
    """What needs me now first, then what runs, drafts, what is done (我的办件)."""

    permission = APPLICANT
    template_name = "citizen/cases.html"
    nav = "cases"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the list."""
        after = request.GET.get("after") or None
        rows, following = cases.my_cases(
            self.actor.subjects,
            today=self.today,
            calendar=self.calendar,
            after=after,
            limit=PAGE_CASES,
        )
        rows = guides.named(rows, on=self.today)
        to_fix = on_spot.waiting_on_spot(
            [row.number for row in rows if row.state is CaseState.RECEIVED]
        )
        back = came_back([row.number for row in rows if row.state in DECIDED])
        needing = [
            row
            for row in rows
            if row.state is CaseState.CORRECTION or row.number in to_fix or row.number in back
        ]
        drafts = cases.drafts_of(self.actor.subjects, today=self.today) if after is None else []
        return self.render(
            {
                "needing": needing,
                "to_fix": to_fix,
                "back": back,
                "ordered": commitments.to_correct(
                    self.actor.subjects, today=self.today, calendar=self.calendar
                )
                if after is None
                else [],
                "running": [row for row in rows if row.closed_at is None and row not in needing],
                "finished": [
                    row for row in rows if row.closed_at is not None and row not in needing
                ],
                "drafts": [
                    {"draft": draft, "name": _item_name(draft.item_slug, draft.item_version)}
                    for draft in drafts
                ],
                "after": following,
                "first": after is None,
                "messages_unread": sum(cases.unread_messages(ref) for ref in self.actor.subjects),
            }
        )


SAYING_NO = frozenset(
    {
        DocumentKind.NON_ACCEPTANCE,
        DocumentKind.NO_NEED_NOTICE,
        DocumentKind.REFUSAL_DECISION,
        DocumentKind.END_NOTICE,
        DocumentKind.REVOCATION,
        DocumentKind.RETRACTION,
        DocumentKind.DEREGISTRATION,
        DocumentKind.ORDER_TO_CORRECT,
    }
)
"""Letters that are contested, and say how."""

LATER = frozenset({MaterialState.TOLERATED, MaterialState.PROMISED})
"""States of a material that is still to come."""


class OwnCase(Page):
    """What the pages of one own case share."""

    permission = APPLICANT
    nav = "cases"

    @cached_property
    def file(self) -> CasePage:
        """The whole file; not found for anybody else."""
        return cases.case_page(self.kwargs["number"], by=self.actor)

    @property
    def case(self) -> CaseView:
        """The case itself."""
        return self.file.case

    @cached_property
    def item(self) -> ItemVersion:
        """The version of the item that the case is pinned to."""
        return found(lambda: catalogue.item_version(self.case.item_slug, self.case.item_version))

    @cached_property
    def shown(self) -> ItemVersion:
        """The same in the language of the page."""
        return guides.localized(self.item)

    def look_at(self, material_id: str, refs: Sequence[str]) -> None:
        """Have a program look at what was handed in as a material, as advice to who reviews it."""
        wanted = next((one for one in self.item.materials if one.id == material_id), None)
        if wanted is None:
            return
        for ref in refs:
            with suppress(LookupError):  # kept from before by somebody else of the same firm
                services.precheck_upload(
                    upload_ref=ref,
                    material=wanted,
                    applicant_ref=self.case.applicant_ref,
                    by=self.actor,
                    at=self.at,
                )

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the case and its item."""
        return super().context(
            case=replace(self.case, item_name=self.shown.name)
            if self.shown is not self.item
            else self.case,
            file=self.file,
            item=self.shown,
            **given,
        )


class Case(OwnCase):
    """Where is it, who has it, what do I have to do (办件进度)."""

    template_name = "citizen/case.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the case."""
        case = self.case
        rating = ratings.case_rating(case.number)
        rateable = (
            rating is None
            and case.evaluation_until is not None
            and self.today <= case.evaluation_until
        )
        tolerated = [
            one for one in visiting.to_come(case.number, by=self.actor) if one.state in LATER
        ]
        check = (
            commitments.check_of(
                case.number, by=self.actor, today=self.today, calendar=self.calendar
            )
            if self.item.commitment_terms
            else None
        )
        interested = (
            interested_of(case.number, by=self.actor, today=self.today)
            if Step.NOTE_VIEWS in self.file.steps
            else ()
        )
        unsaid = [
            one.due_on
            for one in interested
            if Party.APPLICANT in one.unheard and self.today <= one.due_on
        ]
        own = [
            one for one in cases.messages_for(case.applicant_ref) if one.case_number == case.number
        ]
        for message in own:
            if message.read_at is None:
                services.read_message(message_id=message.id, by=self.actor, at=self.at)
        told, business = self._told_permits()
        hearing = None
        if case.state is CaseState.HEARING:
            hearing = procedure_of(case.number, by=self.actor, today=self.today).hearing
        light = case.light(today=self.today, calendar=self.calendar)
        back = came_back([case.number]).get(case.number) if case.decided_at else None
        may_post = not state_problem(case.state, by_mail=self.item.mail_result)
        if back is not None:
            back = replace(back, wished=may_post)
        unposted = (
            case.state not in LIVE
            and self.item.mail_result
            and (wish := posting_of(case.number, by=self.actor)) is not None
            and wish.state is PostingState.ENDED
        )
        return self.render(
            {
                "back": back,
                "hearing": hearing,
                "track": progress.track(case.state, self.file.events),
                "timeline": progress.happenings(self.file.events, names=True),
                "light": light,
                "duty": progress.duty(
                    case.state,
                    due_on=case.due_on,
                    rateable=rateable,
                    tolerated=len(tolerated),
                    correct_by=check.row.due_on if check and check.row.to_correct else None,
                    views_by=min(unsaid, default=None),
                    hearing=hearing,
                    asked=bool(on_spot.asks_on_spot(self.file)),
                    put_right=on_spot.put_right_since(self.file),
                    late=progress.is_late(light),
                    outcome=case.outcome,
                    back=back,
                    unposted=unposted,
                ),
                "outcome": case.outcome,
                "no": self._no(),
                "automatic": automatic.automatic(case.number, by=self.actor),
                "ending": end_proposal(case.number, by=self.actor) if case.closed_at else None,
                "rateable": rateable,
                "rating": rating,
                "tolerated": tolerated,
                "tolerance": commitments.tolerance_of(case.number, by=self.actor)
                if tolerated
                else None,
                "commitment": commitments.of_case(case.number, by=self.actor)
                if self.item.commitment_terms
                else None,
                "check": check,
                "letters": self.file.documents,
                "case_messages": own,
                "licence": licences.by_case(case.number),
                "department": organisations.department(case.deciding_department),
                "may_ask_hearing": Step.REQUEST_HEARING in self.file.steps,
                "interested": interested,
                "unsaid": unsaid,
                "may_withdraw": Step.WITHDRAW in self.file.steps,
                "may_change": Step.CHANGE_CONTACT in self.file.steps,
                "may_post": may_post or unposted,
                "may_withdraw_material": Step.WITHDRAW_MATERIAL in self.file.steps
                and any(one.state is MaterialState.FILED for one in self.file.materials),
                "to_file_again": [
                    one
                    for one in self.file.materials
                    if one.state is MaterialState.WITHDRAWN
                    and not case.closed_at
                    and case.decided_at is None
                ],
                "may_correct": Step.FILE_CORRECTION in self.file.steps,
                "asks": on_spot.asks_on_spot(self.file),
                "put_right": on_spot.put_right_since(self.file),
                "permits_told": told,
                "business": business,
                "fixes": spot_fixes.rows(self.file, self.item, masked=False),
            }
        )

    def _no(self) -> DocumentView | None:
        """Return the newest letter that says no; None: none does."""
        noes = [one for one in self.file.documents if one.kind in SAYING_NO]
        return noes[-1] if noes else None

    def _told_permits(self) -> tuple[permits.ToldView | None, permits.BusinessPermits | None]:
        """Return what was told of the scope, and how its permits stand once it is registered."""
        if all(one.kind is not DocumentKind.PERMITS_TOLD for one in self.file.documents):
            return None, None
        told = permits.told_in(self.case.number, by=self.actor)
        if told is None or told.registered_on is None:
            return told, None
        own = permits.businesses_of(self.case.applicant_ref, on=self.today)
        return told, next((one for one in own if one.case_number == self.case.number), None)


class Answers(OwnCase):
    """What was submitted, answers and files (申请内容)."""

    template_name = "citizen/answers.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it as it was submitted."""
        refs = [ref for material in self.file.materials for ref in material.upload_refs]
        with scope.everything():  # they belong to their case, whoever scanned them
            files = documents.uploads(refs)
        return self.render(
            {
                "rows": [
                    {
                        "label": question.label,
                        "value": web_forms.in_words(question, self.file.answers[question.id]),
                    }
                    for question in self.shown.questions()
                    if question.id in self.file.answers
                ],
                "materials": self.file.materials,
                "fixes": spot_fixes.rows(self.file, self.item, masked=False),
                "uploads": files,
                "applicant": subject_name(self.case.applicant_ref),
            }
        )


class Receipt(OwnCase):
    """Proof of submission: number, what follows, by when, how we tell you (提交成功).

    Where rules granted at once, it shows the result instead of what follows.
    """

    template_name = "citizen/receipt.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the receipt."""
        letter = next(
            (one for one in self.file.documents if one.kind is DocumentKind.RECEIPT), None
        )
        tolerated = [one for one in self.file.materials if one.state is MaterialState.TOLERATED]
        return self.render(
            {
                "letter": letter,
                "granted": self.case.outcome is Outcome.GRANT,
                "licence": licences.by_case(self.case.number),
                "tolerated": tolerated,
                "department": organisations.department(self.case.department_code),
            }
        )


class LetterFile(OwnCase):
    """The sealed PDF of a letter of one's own case."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it."""
        wanted = self.kwargs["letter"]
        letter = next((one for one in self.file.documents if one.id == wanted), None)
        if letter is None:
            raise Http404
        content = services.document_file(letter.id, by=self.actor, at=self.at)
        services.read_letter(document_id=letter.id, by=self.actor, at=self.at)
        return pdf(content, name=f"{letter.title}-{self.case.number}.pdf")


class MaterialFile(OwnCase):
    """A file that was handed in with one's own case, as the offices see it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it."""
        ref = f"upload:{self.kwargs['upload']}"
        handed_in = {one for material in self.file.materials for one in material.upload_refs}
        for row in visiting.withdrawn_of(self.case.number, by=self.actor):
            handed_in |= set(row.upload_refs)
        for fix in on_spot.spot_fixes(self.file):
            handed_in |= set(fix.old_refs)
        if ref not in handed_in | commitments.reported_files(self.case.number, by=self.actor):
            raise Http404
        with scope.everything():  # it belongs to their case, whoever scanned it
            view = found(lambda: documents.upload(ref))
            content = documents.open_derivative(ref)
        response = HttpResponse(content, content_type=str(view.media_type.value))
        response["Content-Disposition"] = "inline"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


class Correct(OwnCase):
    """All that is to be completed, at once, each with its reason and its own upload (补正)."""

    template_name = "citizen/correct.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take in the files and words of every line, and file the correction."""
        if self.file.correction is None:
            raise Http404
        lines, errors = [], {}
        for line in self.file.correction.lines:
            refs = []
            for sent in request.FILES.getlist(f"file-{line.id}"):
                try:
                    taken = take_in(sent, by=self.actor, at=self.at)
                    refs.append(taken.ref)
                except RefusedError as refusal:
                    errors[line.id] = refusal.message
            kept = [ref for ref in request.POST.getlist(f"kept-{line.id}") if ref]
            answer = request.POST.get(f"answer-{line.id}", "")
            lines.append(FiledLine(line_id=line.id, upload_refs=[*kept, *refs], answer=answer))
        if errors:
            return self._page(lines=lines, errors=errors)
        try:
            services.file_correction(
                number=self.case.number,
                lines=lines,
                calendar=self.calendar,
                by=self.actor,
                at=self.at,
                version=self.case.version,
            )
        except RefusedError as refusal:
            blank = {
                one.line_id: _("请上传文件或者填写说明。")
                for one in lines
                if not one.upload_refs and not one.answer.strip()
            }
            return self._page(lines=lines, errors=blank, message="" if blank else refusal.message)
        asked = {line.id: line.material_id for line in self.file.correction.lines}
        for filed in lines:
            self.look_at(asked[filed.line_id], filed.upload_refs)
        messages.success(
            request,
            _("补正已提交，我们会在 %(days)s 个工作日内告知是否受理。")
            % {"days": NOTICE_LIMIT_WORKDAYS},
        )
        return redirect("citizen:case", number=self.case.number)

    def _page(
        self,
        lines: list[FiledLine] | None = None,
        errors: dict[int, str] | None = None,
        message: str = "",
    ) -> HttpResponse:
        correction = self.file.correction
        if correction is None:
            raise Http404
        sent = {line.line_id: line for line in lines or []}
        files = documents.uploads([ref for line in sent.values() for ref in line.upload_refs])
        there = {one.material_id for one in self.file.materials if one.upload_refs}
        return self.render(
            {
                "correction": correction,
                "rows": [
                    {
                        "line": line,
                        "short": line.what.rstrip("。；"),
                        "replaces": line.material_id in there,
                        "answer": sent[line.id].answer if line.id in sent else "",
                        "files": [
                            files[ref]
                            for ref in (sent[line.id].upload_refs if line.id in sent else ())
                            if ref in files
                        ],
                        "error": (errors or {}).get(line.id, ""),
                    }
                    for line in correction.lines
                ],
                "message": message,
                "failed": bool(message or errors),
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
                "open": Step.FILE_CORRECTION in self.file.steps,
            },
            status=UNPROCESSABLE if errors or message else 200,
        )


class FileMaterial(OwnCase):
    """Hand in a material that was allowed to come later (容缺后补)."""

    template_name = "citizen/file_material.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the material and its last day."""
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take in the file."""
        sent = request.FILES.get("file")
        if sent is None:
            return self._page(_("请先选择文件，再点上传。"))
        try:
            taken = take_in(sent, by=self.actor, at=self.at)
            services.file_material(
                number=self.case.number,
                material_id=self.kwargs["material"],
                upload_refs=[taken.ref],
                by=self.actor,
                at=self.at,
            )
        except RefusedError as refusal:
            return self._page(refusal.message)
        self.look_at(self.kwargs["material"], [taken.ref])
        messages.success(request, _("材料已补交。"))
        return redirect("citizen:case", number=self.case.number)

    def _page(self, error: str = "") -> HttpResponse:
        material = next(
            (
                one
                for one in visiting.to_come(self.case.number, by=self.actor)
                if one.material_id == self.kwargs["material"]
            ),
            None,
        )
        if material is None:
            raise Http404
        return self.render(
            {
                "material": material,
                "error": error,
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
            },
            status=UNPROCESSABLE if error else 200,
        )


class WithdrawForm(forms.Form):
    """Why, in the applicant's words."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("撤回原因"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _l("请填写撤回原因。"),
            "max_length": _l("撤回原因最多 300 个字，请删减。"),
        },
    )


class Withdraw(OwnCase, FormPage):
    """Withdraw before the decision: a second, specific step (撤回申请)."""

    template_name = "citizen/withdraw.html"
    form_class = WithdrawForm

    def valid(self, form: WithdrawForm) -> HttpResponse:
        """Withdraw."""
        services.withdraw_case(
            number=self.case.number,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("申请已撤回。"))
        return redirect("citizen:case", number=self.case.number)


class WithdrawMaterialForm(WithdrawForm):
    """Which material is taken back, and why."""

    material = forms.ChoiceField(
        label=_l("撤回哪一项材料"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择要撤回的材料。"),
            "invalid_choice": _l("这项材料没有提交或者已经撤回，请从列出的材料中选择。"),
        },
    )
    field_order = ("material", "reason")


class WithdrawMaterial(OwnCase, FormPage):
    """Take a filed material back before the decision (撤回材料)."""

    template_name = "citizen/withdraw_material.html"
    form_class = WithdrawMaterialForm

    def form(self) -> forms.Form:
        """Return the form with the materials that were filed."""
        form = super().form()
        choice = form.fields["material"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            (one.material_id, one.name)
            for one in self.file.materials
            if one.state is MaterialState.FILED
        ]
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether it may be done now, and what was taken back before."""
        return super().context(
            open=Step.WITHDRAW_MATERIAL in self.file.steps,
            withdrawn=visiting.withdrawn_of(self.case.number, by=self.actor),
            **given,
        )

    def valid(self, form: forms.Form) -> HttpResponse:
        """Take it back."""
        services.withdraw_material(
            number=self.case.number,
            material_id=form.cleaned_data["material"],
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("材料已撤回；须提交的材料请重新提交。"))
        return redirect("citizen:case", number=self.case.number)


class ContactForm(forms.Form):
    """How one is reached from now on; what is left empty stays."""

    use_required_attribute = False

    phone = forms.CharField(
        label=_l("新的联系电话"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
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


class Contact(OwnCase, FormPage):
    """Say how one is reached about a case from now on (变更联系方式)."""

    template_name = "citizen/contact.html"
    form_class = ContactForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what holds now."""
        return super().context(
            open=Step.CHANGE_CONTACT in self.file.steps,
            contact=visiting.contact_of(self.case.number, by=self.actor),
            **given,
        )

    def valid(self, form: forms.Form) -> HttpResponse:
        """Change it."""
        services.change_contact(
            number=self.case.number, **form.cleaned_data, by=self.actor, at=self.at
        )
        messages.success(self.request, _("联系方式已变更。"))
        return redirect("citizen:case", number=self.case.number)


class PersonForm(forms.Form):
    """Why a person is wanted."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("为什么要求由工作人员看"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _l("请写明希望工作人员看什么。"),
            "max_length": _l("最多 300 个字，请删减。"),
        },
    )


class AskPerson(OwnCase, FormPage):
    """Ask for a person instead of a machine, before or after its decision (要求人工)."""

    template_name = "citizen/ask_person.html"
    form_class = PersonForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Say what a machine did so far."""
        return super().context(
            automatic=automatic.automatic(self.case.number, by=self.actor), **given
        )

    def valid(self, form: PersonForm) -> HttpResponse:
        """Ask."""
        services.ask_person(
            number=self.case.number,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已转给工作人员，结果会在这里和消息里告诉您。"))
        return redirect("citizen:case", number=self.case.number)


def _item_name(slug: str, version: int) -> str:
    try:
        return guides.localized(catalogue.item_version(slug, version)).name
    except LookupError:
        return slug
