"""Granting on commitment, the desk of checks, their figures, and applicants' records (告知承诺)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import services as audit
from yiwang.cases import services
from yiwang.cases.policy.commitments import CheckOutcome, CheckState, RecordKind
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import CaseNotFoundError, commitments
from yiwang.cases.queries.commitments import CheckPage, CommitmentView, RecordView
from yiwang.cases.services.committing import GRANT_REASON
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import CheckMethod, ToldCondition
from yiwang.documents import queries as documents
from yiwang.documents.queries import UploadView
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Permission
from yiwang.web.citizen.known import subject_name
from yiwang.web.citizen.materials import ACCEPTED_FILES
from yiwang.web.officer.cases import NOT_FOUND, done
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.handling import TwoStep, VersionForm
from yiwang.web.officer.scope import department_names
from yiwang.web.uploads import take_in
from yiwang.web.views import FormPage, Page, found

TEXT_LENGTH = 2000
LINE_LENGTH = 400
YEARS_SHOWN = 5


class GrantOnCommitment(TwoStep):
    """Decide on the strength of a commitment, the day it was accepted (告知承诺准予)."""

    permission: ClassVar[Permission] = Permission.CASE_DECIDE
    template_name = "officer/commitments/grant.html"
    form_class = VersionForm

    @cached_property
    def letter(self) -> CommitmentView:
        """The letter of commitment; there is no such page without one."""
        signed = commitments.of_case(self.case.number, by=self.actor)
        if signed is None:
            raise Http404("nothing was signed")
        return signed

    def context(self, **given: Any) -> dict[str, Any]:
        """Show the letter, and why it may not be decided here, if so."""
        opened = {self.case.submitted_by, self.case.accepted_by}
        return super().context(
            letter=self.letter,
            told=self.item.commitment_conditions,
            can_grant=self.case.state is CaseState.ACCEPTED,
            same_person=self.actor.ref in opened,
            barred=commitments.commitment_barred(self.case.applicant_ref, on=self.today),
            **given,
        )

    def confirmation(self, form: VersionForm) -> Mapping[str, Any]:
        """Name what follows at once and what is checked later."""
        terms = self.item.commitment_terms
        months = terms.check_months if terms else 0
        return {
            "title": _("确认准予"),
            "object": self.object_words,
            "consequence": _(
                "准予后立即颁发“%(result)s”，%(months)s 个月内核查承诺；决定不能撤销，"
                "承诺不履行的另行处理。"
            )
            % {"result": self.item.result.name, "months": months},
            "words": _("准予并颁发"),
            "lines": [(_("决定"), _("准予")), (_("理由"), GRANT_REASON)],
            "colour": "accent",
        }

    def valid(self, form: VersionForm) -> HttpResponse:
        """Grant."""
        services.grant_on_commitment(
            number=self.case.number,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("已按告知承诺准予，证照和决定书已生成，核查任务已建立。")))


class Checks(Page):
    """The checks of the departments of this person, the next due first (告知承诺核查)."""

    permission: ClassVar[Permission] = Permission.COMMITMENT_CHECK
    template_name = "officer/commitments/list.html"
    nav = "commitments"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of open checks, of those reported as corrected, or of finished ones."""
        finished = request.GET.get("tab") == "finished"
        reported = request.GET.get("tab") == "reported"
        page = commitments.checks(
            by=self.actor,
            today=self.today,
            calendar=self.calendar,
            finished=finished,
            reported=reported,
            after=request.GET.get("after", ""),
        )
        return self.render(
            {
                "finished": finished,
                "reported": reported,
                "page": page,
                "first": not request.GET.get("after"),
                "names": department_names(),
            }
        )


class CheckForm(forms.Form):
    """What was found."""

    use_required_attribute = False

    outcome = forms.ChoiceField(
        label=_l("核查结论"),
        choices=[(one.value, _l(one.label)) for one in CheckOutcome],
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择核查结论。"),
            "invalid_choice": _l("请选择核查结论。"),
        },
    )
    conditions = forms.MultipleChoiceField(
        label=_l("没有履行的条件"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_l("承诺已履行的不选。"),
        error_messages={"invalid_choice": _l("请从告知的条件中选择。")},
    )
    method = forms.ChoiceField(
        label=_l("核查方式"),
        choices=[(one.value, _l(one.label)) for one in CheckMethod],
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择核查方式。"),
            "invalid_choice": _l("请选择核查方式。"),
        },
    )
    second_officer = forms.CharField(
        label=_l("另一名核查人员"),
        max_length=40,
        required=False,
        help_text=_l("现场核查应当有两名以上人员。"),
    )
    facts = forms.CharField(
        label=_l("查明的事实"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("持证人将读到，责令改正时写入通知书。"),
        error_messages={
            "required": _l("请填写查明的事实，持证人将读到它。"),
            "max_length": _l("查明的事实最多 2000 个字，请删减。"),
        },
    )

    def __init__(
        self, told: tuple[ToldCondition, ...], *args: Any, ordered: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if ordered:  # once only
            self.fields["outcome"].choices = [  # type: ignore[attr-defined]
                (one.value, _l(one.label))
                for one in CheckOutcome
                if one is not CheckOutcome.CORRECT
            ]
        self.fields["conditions"].choices = [(one.id, one.text) for one in told]  # type: ignore[attr-defined]
        for name in ("second_officer", "facts"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


class Check(Confirmed):
    """One check: what was promised, what was found, and the form of the next finding (核查)."""

    permission: ClassVar[Permission] = Permission.COMMITMENT_CHECK
    template_name = "officer/commitments/check.html"
    nav = "commitments"
    form_class = CheckForm

    @cached_property
    def page(self) -> CheckPage:
        """The check of the address."""
        page = commitments.check_of(
            self.kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
        )
        if page is None:
            raise Http404("no such check")
        return page

    @cached_property
    def told(self) -> tuple[ToldCondition, ...]:
        """The conditions that were told."""
        version = found(lambda: catalogue.item_version(self.page.item_slug, self.page.item_version))
        return version.commitment_conditions

    def form(self) -> CheckForm:
        """Return the form; the method is the one the item names, until another was used."""
        sent = self.request.POST if self.request.method == "POST" else None
        initial = {"method": self.page.row.method.value}
        return CheckForm(self.told, sent, initial=initial, ordered=self._ordered)

    def form_again(self) -> CheckForm:
        """Return the form with what was typed and nothing complained about."""
        sent = self.request.POST
        initial = {
            "outcome": sent.get("outcome", ""),
            "method": sent.get("method", ""),
            "second_officer": sent.get("second_officer", ""),
            "facts": sent.get("facts", ""),
            "conditions": sent.getlist("conditions"),
        }
        return CheckForm(self.told, initial=initial, ordered=self._ordered)

    @property
    def _ordered(self) -> bool:
        return self.page.row.state is CheckState.ORDERED

    @cached_property
    def files(self) -> list[str]:
        """Refs of photos and papers, kept by the page or just sent."""
        refs = [one for one in self.request.POST.getlist("photo_ref") if one][:60]
        for sent in self.request.FILES.getlist("photos"):
            refs.append(take_in(sent, by=self.actor, at=self.at).ref)
        return refs

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take photos in first, so that nothing is lost by a mistake elsewhere."""
        try:
            _taken = self.files
        except RefusedError as refusal:
            form = self.form()
            form.is_valid()
            self.__dict__["files"] = [one for one in request.POST.getlist("photo_ref") if one]
            form.add_error(None, refusal.message)
            return self.invalid(form)
        return super().post(request, *args, **kwargs)

    def kept(self) -> list[tuple[str, str]]:
        """Return what was typed and taken in, for the second page."""
        typed = [pair for pair in super().kept() if pair[0] != "photo_ref"]
        return [*typed, *(("photo_ref", ref) for ref in self.files)]

    def confirmation(self, form: CheckForm) -> Mapping[str, Any]:
        """Name what follows."""
        outcome = CheckOutcome(form.cleaned_data["outcome"])
        texts = {one.id: one.text for one in self.told}
        consequence = {
            CheckOutcome.PASS: _("核查结束，承诺记为已履行。"),
            CheckOutcome.CORRECT: _("发出责令限期改正通知书，责令只有一次；期满后再次核查。"),
            CheckOutcome.REVOKE: _("核查结束，由审查人员提出撤销，听取陈述申辩后由另一人决定。"),
        }[outcome]
        unmet = [texts[one] for one in form.cleaned_data["conditions"] if one in texts]
        lines = [
            (_("核查结论"), _(outcome.label)),
            (_("没有履行的条件"), "\n".join(unmet)),
            (_("查明的事实"), form.cleaned_data["facts"]),
            (_("照片和文件"), str(len(self.files))),
        ]
        return {
            "title": _("确认核查结果"),
            "object": f"{self.page.row.applicant_name}：{self.page.row.item_name}",
            "consequence": consequence,
            "words": _("记录核查结果"),
            "lines": [(label, value) for label, value in lines if value],
            "colour": "accent" if outcome is CheckOutcome.PASS else "danger",
        }

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was promised and found, and where a revocation is proposed."""
        page = self.page
        refs = commitments.refs(page) + (self.files if self.request.method == "POST" else [])
        with scope.everything():  # they belong to the check, whoever took them
            held = documents.uploads(refs)
        texts = {one.id: one.text for one in self.told}
        may = self.actor.may(Permission.COMMITMENT_CHECK, department=page.row.department_code)
        return super().context(
            page=page,
            told=self.told,
            unit=department_names().get(page.row.department_code, page.row.department_code),
            results=[
                {
                    "result": one,
                    "unmet": [texts.get(key, key) for key in one.conditions],
                    "files": self._files(one.upload_refs, held),
                }
                for one in page.results
            ],
            reports=[
                {"report": one, "files": self._files(one.upload_refs, held)} for one in page.reports
            ],
            photos=[held[ref] for ref in self.__dict__.get("files", []) if ref in held],
            may_record=may and page.row.open,
            accept=ACCEPTED_FILES,
            limit_mb=settings.MAX_UPLOAD_BYTES // 1_000_000,
            **given,
        )

    def _files(self, refs: Sequence[str], held: Mapping[str, UploadView]) -> list[dict[str, str]]:
        number = self.page.row.case_number
        return [
            {
                "name": held[ref].name,
                "href": reverse("officer:check_file", args=[number, ref.removeprefix("upload:")]),
            }
            for ref in refs
            if ref in held
        ]

    def valid(self, form: CheckForm) -> HttpResponse:
        """Record the finding."""
        given = form.cleaned_data
        services.record_check(
            number=self.page.row.case_number,
            outcome=CheckOutcome(given["outcome"]),
            method=CheckMethod(given["method"]),
            facts=given["facts"],
            conditions=given["conditions"],
            upload_refs=self.files,
            second_officer=given["second_officer"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("核查结果已记录。"))
        return redirect("officer:check", number=self.page.row.case_number)

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer 404 for a check that these eyes may not see."""
        if isinstance(refusal, CaseNotFoundError):
            status = NOT_FOUND
        return super().refusal_page(refusal, status=status)


class DeclineForm(forms.Form):
    """What is still to be corrected."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("还要改正的内容"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
        help_text=_l("持证人将读到；逐项写明还差什么。"),
        error_messages={
            "required": _l("请填写还要改正的内容，持证人将读到它。"),
            "max_length": _l("还要改正的内容最多 2000 个字，请删减。"),
        },
    )


class DeclineReport(Confirmed):
    """Answer a report of correction that it is not enough yet (答复改正报告)."""

    permission: ClassVar[Permission] = Permission.COMMITMENT_CHECK
    template_name = "officer/commitments/decline_report.html"
    nav = "commitments"
    form_class = DeclineForm

    @cached_property
    def page(self) -> CheckPage:
        """The check of the address, with a report that waits."""
        page = commitments.check_of(
            self.kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
        )
        if page is None or not page.reports:
            raise Http404("no report")
        return page

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was ordered and reported."""
        row = self.page.row
        return super().context(
            page=self.page,
            ordered=self.page.results[-1],
            report=self.page.reports[-1],
            waits=row.state is CheckState.ORDERED and row.reported_on is not None,
            **given,
        )

    def confirmation(self, form: DeclineForm) -> Mapping[str, Any]:
        """Name what the holder is told."""
        day = self.page.row.due_on
        return {
            "title": _("确认答复"),
            "object": f"{self.page.row.applicant_name}：{self.page.row.item_name}",
            "consequence": _("告知持证人继续改正，改正期限不变（%(day)s）；持证人可以再次报告。")
            % {"day": day.isoformat()},
            "words": _("答复并告知"),
            "lines": [(_("还要改正的内容"), form.cleaned_data["reason"])],
            "colour": "accent",
        }

    def valid(self, form: DeclineForm) -> HttpResponse:
        """Answer."""
        services.decline_report(
            number=self.page.row.case_number,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已答复，并告知持证人继续改正。"))
        return redirect("officer:check", number=self.page.row.case_number)

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer 404 for a check that these eyes may not see."""
        if isinstance(refusal, CaseNotFoundError):
            status = NOT_FOUND
        return super().refusal_page(refusal, status=status)


class CheckFile(Page):
    """A photo or paper of a check, rebuilt and safe to open."""

    permission: ClassVar[Permission] = Permission.COMMITMENT_CHECK

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the file."""
        page = commitments.check_of(
            kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
        )
        ref = f"upload:{kwargs['key']}"
        if page is None or ref not in commitments.refs(page):
            raise Http404("not a file of this check")
        with scope.everything():  # it belongs to the check, whoever took it
            view = found(lambda: documents.upload(ref))
            content = documents.open_derivative(ref)
        audit.record_read(
            at=self.at,
            actor=self.actor.ref,
            target=f"case:{kwargs['number']}",
            fields=[ref],
            purpose="核查承诺时查看照片和文件",
            department=page.row.department_code,
            ip=self.actor.ip,
        )
        response = HttpResponse(content, content_type=str(view.media_type.value))
        response["Content-Disposition"] = "inline"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


class Figures(Page):
    """How checks were made, per department, over the decisions of a year (核查指标)."""

    permission: ClassVar[Permission] = Permission.COMMITMENT_CHECK
    template_name = "officer/commitments/figures.html"
    nav = "commitments"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the figures of the year asked for, or of this one."""
        years = [self.today.year - back for back in range(YEARS_SHOWN)]
        asked = request.GET.get("year", "")
        year = next((one for one in years if str(one) == asked), years[0])
        rows = commitments.findings(
            by=self.actor,
            first=date(year, 1, 1),
            last=date(year, 12, 31),
            today=self.today,
        )
        return self.render(
            {"rows": rows, "year": year, "years": years, "names": department_names()}
        )


class RecordForm(forms.Form):
    """One entry on an applicant's record."""

    use_required_attribute = False

    applicant = forms.CharField(
        label=_l("统一社会信用代码"),
        max_length=18,
        help_text=_l("18 位。自然人的记录由核查和容缺逾期产生，不在这里登记。"),
        error_messages={"required": _l("请填写统一社会信用代码。")},
    )
    kind = forms.ChoiceField(
        label=_l("种类"),
        choices=[(one.value, _l(one.label)) for one in RecordKind],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择种类。"), "invalid_choice": _l("请选择种类。")},
    )
    department = forms.ChoiceField(
        label=_l("认定部门"),
        error_messages={
            "required": _l("请选择认定部门。"),
            "invalid_choice": _l("请选择认定部门。"),
        },
    )
    reason = forms.CharField(
        label=_l("事由"),
        max_length=LINE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("申请人将读到。"),
        error_messages={"required": _l("请填写事由，申请人将读到它。")},
    )
    basis = forms.CharField(
        label=_l("依据"),
        max_length=LINE_LENGTH,
        error_messages={"required": _l("请填写法律依据，写明名称和条款。")},
    )
    until_on = forms.DateField(
        label=_l("到哪天为止"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_l("不填的到信用修复为止。"),
        error_messages={"invalid": _l("请填写日期，如 2027-03-31。")},
    )


class Records(FormPage):
    """Records kept by the departments of this person, and the form of a new one (信用约束记录)."""

    permission: ClassVar[Permission] = Permission.TRUST_KEEP
    template_name = "officer/commitments/records.html"
    nav = "commitments"
    form_class = RecordForm

    def form(self) -> RecordForm:
        """Return the form with the departments for which records are kept."""
        sent = self.request.POST if self.request.method == "POST" else None
        form = RecordForm(sent)
        codes = self.actor.departments(Permission.TRUST_KEEP)
        names = department_names()
        form.fields["department"].choices = [  # type: ignore[attr-defined]
            (code, name) for code, name in names.items() if code in codes or EVERYWHERE in codes
        ]
        for name in ("applicant", "reason", "basis"):
            form.fields[name].widget.attrs["autocomplete"] = "off"
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the entries."""
        return super().context(
            rows=[
                {
                    "record": one,
                    "name": subject_name(one.applicant_ref),
                    "counts": one.counts(self.today),
                }
                for one in commitments.records_kept(by=self.actor)
            ],
            **given,
        )

    def valid(self, form: RecordForm) -> HttpResponse:
        """Note the entry."""
        given = form.cleaned_data
        ref = f"entity:{given['applicant'].strip().upper()}"
        if subject_name(ref) == ref:
            form.add_error("applicant", _("法人库里没有这个代码，请核对后重新填写。"))
            return self.invalid(form)
        services.note_record(
            applicant_ref=ref,
            kind=RecordKind(given["kind"]),
            reason=given["reason"],
            basis=given["basis"],
            department=given["department"],
            until_on=given["until_on"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已记入，并告知当事人。"))
        return redirect("officer:records")


class RepairForm(forms.Form):
    """Why an entry counts no more."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("修复理由"),
        max_length=LINE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _l("请填写修复理由。")},
    )


class Repair(Confirmed):
    """End an entry because it was wrong or made good (信用修复)."""

    permission: ClassVar[Permission] = Permission.TRUST_KEEP
    template_name = "officer/commitments/repair.html"
    nav = "commitments"
    form_class = RepairForm

    @cached_property
    def record(self) -> RecordView:
        """The entry of the address, of the departments of this person."""
        for one in commitments.records_kept(by=self.actor):
            if one.id == self.kwargs["record"]:
                return one
        raise Http404("no such record")

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the entry."""
        return super().context(
            record=self.record, name=subject_name(self.record.applicant_ref), **given
        )

    def confirmation(self, form: RepairForm) -> Mapping[str, Any]:
        """Name whose entry ends."""
        return {
            "title": _("确认修复"),
            "object": f"{subject_name(self.record.applicant_ref)}：{_(self.record.kind.label)}",
            "consequence": _("从今天起不再影响办理方式；记录保留，修复不能撤销。"),
            "words": _("修复"),
            "lines": [(_("修复理由"), form.cleaned_data["reason"])],
            "colour": "accent",
        }

    def valid(self, form: RepairForm) -> HttpResponse:
        """Repair."""
        services.repair_record(
            record_id=self.record.id,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已修复，并告知当事人。"))
        return redirect("officer:records")
