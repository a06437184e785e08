"""One case: its file, its papers, and what personal data is shown whole to whom (办件)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import services as audit
from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DocumentKind, Outcome, Tab
from yiwang.cases.queries import CasePage, CaseView, QueueRow, automatic, commitments
from yiwang.cases.queries.assisting import assistance_of
from yiwang.cases.queries.ending import end_proposal
from yiwang.cases.queries.visiting import contact_in_full
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.documents import queries as documents
from yiwang.documents.policy.files import MediaType
from yiwang.kernel.errors import RefusedError
from yiwang.licences import queries as licences
from yiwang.licences import services as licence_services
from yiwang.organisations.permissions import Permission, require
from yiwang.registers import services as registers
from yiwang.registration import permits
from yiwang.web import spot_fixes
from yiwang.web.officer import casefile, casesteps
from yiwang.web.officer.desk import work_address
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found

NOT_FOUND = 404


class CasePages(Page):
    """What every page of one case shares: the file, the item version, the names of units."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    nav = "desk"

    @cached_property
    def file(self) -> CasePage:
        """The file of the case of the address."""
        return cases.case_page(self.kwargs["number"], by=self.actor)

    @property
    def case(self) -> CaseView:
        """The case of the address."""
        return self.file.case

    @cached_property
    def item(self) -> ItemVersion:
        """The item version that the case is pinned to."""
        return catalogue.item_version(self.case.item_slug, self.case.item_version)

    @cached_property
    def units(self) -> dict[str, str]:
        """Code -> short name of units."""
        return dict(department_names())

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer 404 for a case that these eyes may not see: numbers cannot be probed."""
        if isinstance(refusal, cases.CaseNotFoundError):
            status = NOT_FOUND
        return super().refusal_page(refusal, status=status)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the case with its light and the head of its pages."""
        case = self.case
        return super().context(
            file=self.file,
            case=case,
            item=self.item,
            light=None if case.finished else case.light(today=self.today, calendar=self.calendar),
            **casefile.head(self.file, self.units),
            **given,
        )

    def next_case(self) -> QueueRow | None:
        """Return what is due next for this person, other than this case."""
        page = cases.queue(
            by=self.actor, tab=Tab.MINE, at=self.at, calendar=self.calendar, limit=2, counted=False
        )
        return next((row for row in page.rows if row.number != self.case.number), None)


class CaseFile(CasePages):
    """The whole file of a case, and the steps that this person may take."""

    template_name = "officer/cases/file.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the file."""
        waiting = self.next_case()
        steps = self.file.steps
        return self.render(
            {
                "track": casefile.track(self.file),
                "answers": casefile.answers(self.file, self.item),
                "registered": casefile.registered(self.file),
                "contact": casefile.contact(self.file, self.actor),
                "materials": casefile.materials(self.file, self.item, by=self.actor),
                "letters": casefile.letters(self.file),
                "entries": casefile.timeline(self.file, self.units),
                "fixes": spot_fixes.rows(self.file, self.item, masked=True),
                "may_reveal": self.actor.may_somewhere(Permission.PERSON_REVEAL),
                "can_accept": Step.ACCEPT in steps,
                "can_review": Step.PROPOSE in steps,
                "can_decide": bool(steps & {Step.GRANT, Step.GRANT_ON_SPOT}),
                "can_commit": self.case.state is CaseState.ACCEPTED
                and self.item.commitment_terms is not None
                and self.actor.may(Permission.CASE_DECIDE, department=self.case.deciding_department)
                and commitments.of_case(self.case.number, by=self.actor) is not None,
                "can_deliver": Step.CLOSE in steps,
                "can_assign": Step.ASSIGN in steps or Step.START_REVIEW in steps,
                "can_fix": Step.FIX_DOCUMENT in steps,
                "can_ban": self.actor.may(
                    Permission.CASE_END, department=self.case.deciding_department
                )
                and bool(self.item.direct_safety)
                and (
                    self.case.outcome == Outcome.REFUSE
                    or self.case.state in {CaseState.NOT_ACCEPTED, CaseState.REVOKED}
                ),
                "can_propose_end": Step.PROPOSE_END in steps and self.case.outcome == Outcome.GRANT,
                "ending": end_proposal(self.case.number, by=self.actor)
                if self.case.closed_at
                else None,
                "automatic": automatic.automatic(self.case.number, by=self.actor),
                "licence": licences.by_case(self.case.number),
                "assistance": assistance_of(self.case.number),
                "permits_told": permits.told_in(self.case.number, by=self.actor)
                if any(one.kind is DocumentKind.PERMITS_TOLD for one in self.file.documents)
                else None,
                **casesteps.shown(
                    self.file,
                    self.item,
                    actor=self.actor,
                    today=self.today,
                    calendar=self.calendar,
                    units=self.units,
                ),
                "waiting": waiting,
                "waiting_href": work_address(waiting.number, waiting.state, self.actor)
                if waiting
                else "",
            }
        )


class _Papers(CasePages):
    """Papers of a case, which may show numbers and portraits: every look is written down."""

    def note_look(self, paper: str, *, purpose: str) -> None:
        """Write down which paper was looked at; never by a file name, which may be a number."""
        audit.record_read(
            at=self.at,
            actor=self.actor.ref,
            target=f"case:{self.case.number}",
            fields=[paper],
            purpose=purpose,
            department=self.case.deciding_department,
            ip=self.actor.ip,
        )


class CaseUpload(_Papers):
    """A file that the applicant handed in, rebuilt and safe to open; the look is written down."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the file."""
        upload = found(lambda: documents.upload(f"upload:{kwargs['key']}"))
        if upload.used_by != f"case:{self.case.number}":
            raise Http404("not a file of this case")
        self.note_look(upload.ref, purpose="办理办件时查看申请材料")
        return _file(documents.open_derivative(upload.ref), str(upload.media_type.value))


class CasePreview(_Papers):
    """A picture of the first page of a file, shown inside the pages of a case."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the picture."""
        upload = found(lambda: documents.upload(f"upload:{kwargs['key']}"))
        if upload.used_by != f"case:{self.case.number}":
            raise Http404("not a file of this case")
        if upload.media_type is not MediaType.PDF:
            picture: bytes | None = documents.open_derivative(upload.ref)
            media_type = str(upload.media_type.value)
        else:
            picture, media_type = documents.open_preview(upload.ref), "image/png"
        if picture is None:
            raise Http404("no preview")
        self.note_look(upload.ref, purpose="办理办件时预览申请材料")
        return _file(picture, media_type)


class CaseLetter(_Papers):
    """A letter of the case as sealed PDF."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the PDF; it is made when first asked for."""
        if kwargs["document"] not in {one.id for one in self.file.documents}:
            raise Http404("not a letter of this case")
        pdf = services.document_file(kwargs["document"], by=self.actor, at=self.at)
        return _file(pdf, "application/pdf")


class CaseLicence(_Papers):
    """The licence that came of the case as sealed PDF."""

    permission: ClassVar[Permission] = Permission.LICENCE_READ

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the PDF; it is made when first asked for."""
        licence = licences.by_case(self.case.number)
        if licence is None:
            raise Http404("no licence")
        if licence.file_sha256 is None:
            licence_services.ensure_file(licence.identifier, at=self.at)
        content = licences.open_file(licence.identifier)
        self.note_look(licence.ref, purpose="办理办件时查看证照")
        return _file(content, "application/pdf")


class PurposeForm(forms.Form):
    """Why somebody wants to see a number whole."""

    use_required_attribute = False

    purpose = forms.ChoiceField(
        label=_l("查看目的"),
        help_text=_l("目的、时间和您的姓名记入日志，本人可以在“数据使用记录”中看到。"),
        choices=[
            ("核对申请人身份", _l("核对申请人身份")),
            ("核实申请材料", _l("核实申请材料")),
            ("联系申请人办理", _l("联系申请人办理")),
            ("制作证照文书", _l("制作证照文书")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择查看目的。")},
    )


class Reveal(CasePages, FormPage):
    """Show what is hidden whole, with a purpose that is written down (查看完整).

    One value, or all of the application or of the registers; the trail names what was shown.
    """

    permission: ClassVar[Permission] = Permission.PERSON_REVEAL
    template_name = "officer/cases/reveal.html"
    form_class = PurposeForm

    @property
    def label(self) -> str:
        """Name of the value of the address.

        Raises:
            Http404: the case has no such hidden value.
        """
        key = self.kwargs["key"]
        if key in casefile.CONTACTS and self._contact(key):
            return casefile.CONTACTS[key]
        if key in self._registered:
            return casefile.REGISTER_LABELS[key]
        if key == casefile.ALL_REGISTERED and self._registered:
            return _("登记信息")
        if key == casefile.ALL_ANSWERS and self._answers:
            return _("申请内容")
        if key in self._answers:
            return self._answers[key].label
        raise Http404("no such value")

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what is to be shown."""
        return super().context(label=self.label, **given)

    def valid(self, form: PurposeForm) -> HttpResponse:
        """Write the look down and show the values, this once."""
        lines = self._lines(form.cleaned_data["purpose"])
        return self.render({"lines": lines, "form": form}, template="officer/cases/revealed.html")

    def _lines(self, purpose: str) -> Sequence[casefile.Line]:
        key, department = self.kwargs["key"], self._department()
        if key == casefile.ALL_REGISTERED or key in self._registered:
            shown = registers.reveal_answers(
                ref=self.case.applicant_ref,
                keys=self._registered if key == casefile.ALL_REGISTERED else [key],
                purpose=purpose,
                by=self.actor,
                at=self.at,
                department=department,
            )
            return [
                casefile.Line(label=casefile.REGISTER_LABELS[one], value=value)
                for one, value in shown.items()
            ]
        require(self.actor, Permission.PERSON_REVEAL, department=department)
        lines = self._of_case(key)
        audit.record_read(
            at=self.at,
            actor=self.actor.ref,
            target=self.case.applicant_ref,
            fields=[one.label for one in lines],
            purpose=purpose,
            department=department,
            ip=self.actor.ip,
        )
        return lines

    def _of_case(self, key: str) -> Sequence[casefile.Line]:
        if key in casefile.CONTACTS:
            return [casefile.Line(label=self.label, value=self._contact(key))]
        if key == casefile.ALL_ANSWERS:
            return list(self._answers.values())
        return [self._answers[key]]

    @cached_property
    def _answers(self) -> Mapping[str, casefile.Line]:
        return casefile.hidden_answers(self.file, self.item)

    @cached_property
    def _registered(self) -> Sequence[str]:
        return casefile.hidden_registered(self.file)

    def _contact(self, key: str) -> str:
        field = key.removeprefix("contact.")
        return contact_in_full(self.case.number, field, by=self.actor)

    def _department(self) -> str:
        """Return where the actor may look; a post elsewhere opens nothing of this case."""
        case = self.case
        departments = (case.deciding_department, case.intake_department, case.department_code)
        return next(
            (
                code
                for code in departments
                if self.actor.may(Permission.PERSON_REVEAL, department=code)
            ),
            case.deciding_department,
        )


def _file(content: bytes, media_type: str) -> HttpResponse:
    """Return a file that a browser may show and nobody may keep."""
    return HttpResponse(
        content,
        content_type=media_type,
        headers={
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def done(page: CasePages, words: str) -> str:
    """Say what was done and return where to go on."""
    messages.success(page.request, words)
    return reverse("officer:case", args=[page.kwargs["number"]])
