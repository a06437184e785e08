"""Applying: task list, one page per topic, materials, check, submit (网上申请)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.answers import problems
from yiwang.cases.policy.asking import Offered
from yiwang.cases.policy.commitments import (
    SignedBy,
    certifiable,
    tolerable,
    tolerance_paragraphs,
)
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.queries import DraftView, commitments
from yiwang.cases.queries.asking import offered_answers
from yiwang.cases.queries.commitments import CommitmentView
from yiwang.cases.queries.prechecks import findings_of
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
    Section,
    WaiveBy,
    asked,
    commitment_open,
    needed,
)
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.licences import queries as licences
from yiwang.organisations.services import second_step
from yiwang.registers import queries as registers
from yiwang.registers.queries import Prefilled
from yiwang.web import forms as web_forms
from yiwang.web.automatic import granting_rules
from yiwang.web.citizen import guides
from yiwang.web.citizen.items import given_answers, plain
from yiwang.web.scans import asked_file, found_again, scan
from yiwang.web.sentences import said
from yiwang.web.uploads import take_in
from yiwang.web.views import APPLICANT, UNPROCESSABLE, FormPage, Page, found

FIXED_KINDS = frozenset({QuestionKind.USCC, QuestionKind.CITIZEN_ID})
FIXED_KEYS = frozenset({"person.name", "entity.name", "entity.legal_representative"})
"""Answers that say who applies: they are put right at the register, never typed over."""

ACCEPTED_FILES = "image/*,application/pdf"


def strength(request: HttpRequest) -> SignedBy:
    """Return how whoever asks had proved who they are, for what they sign."""
    user = request.user.pk
    bound = user is not None and second_step.has_phone(user_id=user)
    return SignedBy.SECOND_STEP if bound else SignedBy.ACCOUNT


def subject_name(ref: str) -> str:
    """Return the name of a person or an entity for a choice; the ref itself when unknown."""
    try:
        if ref.startswith("person:"):
            return registers.person(ref).name
        return registers.entity(ref).name
    except LookupError:
        return ref


class Apply(Page):
    """Begin an application: on whose behalf, then a draft (开始办理)."""

    permission = APPLICANT
    template_name = "citizen/apply.html"
    nav = "items"

    @cached_property
    def item(self) -> ItemVersion:
        """The version in force today."""
        return found(lambda: catalogue.item(self.kwargs["slug"], on=self.today))

    @cached_property
    def subjects(self) -> list[tuple[str, str]]:
        """Those for whom the actor may apply and for whom the item is, with their names."""
        kinds = {audience.value for audience in self.item.audiences}
        return [
            (ref, subject_name(ref))
            for ref in sorted(self.actor.subjects, reverse=True)
            if ref.partition(":")[0] in kinds
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show who applies and what is to come."""
        return self.page()

    def page(self, error: str = "", status: int = 200) -> HttpResponse:
        """Show the page, with what is wrong if anything is."""
        item = self.item
        answers = given_answers(item, self.request.GET, before=len(item.questionnaire))
        open_drafts = [
            draft
            for draft in cases.drafts_of(self.actor.subjects, today=self.today)
            if draft.item_slug == item.slug
        ]
        return self.render(
            {
                "item": guides.localized(item),
                "subjects": self.subjects,
                "earlier": plain(item, answers),
                "drafts": open_drafts,
                "online": Channel.PORTAL in item.channels,
                "cancelled": guides.cancelled(item),
                "facts": guides.facts(item),
                "error": error,
            },
            status=status,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save a new draft, with the answers of the questionnaire and of the registers."""
        ref = request.POST.get("applicant", "")
        if ref not in dict(self.subjects):
            return self.page(_("请选择以谁的名义申请。"), UNPROCESSABLE)
        answers = given_answers(self.item, request.POST, before=len(self.item.questionnaire))
        held = known_answers(self.item, answers, _prefill(ref))
        draft = services.save_draft(
            draft_id=None,
            item_slug=self.item.slug,
            applicant_ref=ref,
            answers=answers | held,
            by=self.actor,
            at=self.at,
        )
        return redirect("citizen:draft", draft=draft.id)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One line of the task list."""

    title: str
    href: str
    status: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftMaterial:
    """One material of a draft as the applicant sees it.

    Attributes:
        state: Waived, filed, tolerated or missing, computed by the same rules as at receipt.
        by_promise: A written promise may take its place, signed with the submission.
    """

    line: guides.MaterialLine
    state: MaterialState
    source: str
    files: Sequence[documents.UploadView]
    by_promise: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do now."""
        return self.state is not MaterialState.MISSING


class DraftPage(Page):
    """What the pages of one application share."""

    permission = APPLICANT
    nav = "cases"

    @cached_property
    def draft(self) -> DraftView:
        """The draft; not found for anybody else."""
        return cases.draft(self.kwargs["draft"], by=self.actor)

    @cached_property
    def item(self) -> ItemVersion:
        """The version that the draft is pinned to."""
        return found(lambda: catalogue.item_version(self.draft.item_slug, self.draft.item_version))

    @cached_property
    def shown(self) -> ItemVersion:
        """The version in the language of the page; what is kept and signed is the original."""
        return guides.localized(self.item)

    @cached_property
    def prefilled(self) -> Mapping[str, Prefilled]:
        """What the registers hold about the applicant."""
        return _prefill(self.draft.applicant_ref)

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """Everything answered so far, by the applicant or by a register."""
        return answers_of(self.draft, self.item, self.prefilled)

    @cached_property
    def offered(self) -> dict[str, Offered]:
        """What earlier cases and licences of the applicant answer; shown with its source."""
        return offered_answers(self.draft.applicant_ref, self.item, on=self.today)

    @cached_property
    def wrong(self) -> dict[str, str]:
        """Question id to what is missing or wrong."""
        return {
            problem.question_id: said(problem.message)
            for problem in problems(
                self.shown,
                self.answers,
                today=self.today,
                registered={one.value for one in self.prefilled.values()},
            )
        }

    @cached_property
    def materials(self) -> list[DraftMaterial]:
        """The materials of this application and how each stands."""
        return draft_materials(
            self.draft,
            self.shown,
            self.answers,
            self.prefilled,
            today=self.today,
            committed=self.signed is not None,
            tolerant=not self.intolerant,
            promising=not self.unpromising,
        )

    @cached_property
    def briefing(self) -> services.Briefing | None:
        """What the applicant is told first, such as permits that a scope needs; None: nothing.

        Raises:
            RefusedError: an answer it rests on cannot be read.
        """
        return services.briefing_of(
            self.item, self.answers, self.draft.applicant_ref, on=self.today
        )

    @property
    def unreadable(self) -> str:
        """Why nothing can be told of the answers; empty: it can."""
        try:
            self.briefing  # noqa: B018 - asked for its refusal
        except RefusedError as refusal:
            return refusal.message
        return ""

    @cached_property
    def signed(self) -> CommitmentView | None:
        """The letter of commitment of this draft; None: it goes the ordinary way."""
        if self.item.commitment_terms is None:
            return None
        return commitments.of_draft(self.draft.id)

    @cached_property
    def intolerant(self) -> str:
        """Why nothing may be missing for this applicant; empty: something may."""
        if not any(tolerable(self.item, one) for one in self.item.materials):
            return ""
        return commitments.tolerance_barred(self.draft.applicant_ref, on=self.today)

    @cached_property
    def unpromising(self) -> str:
        """Why no promise takes the place of a certificate; empty: one may, where the item says."""
        if not any(certifiable(one) for one in self.item.materials):
            return ""
        return commitments.commitment_barred(self.draft.applicant_ref, on=self.today)

    @property
    def certified(self) -> list[DraftMaterial]:
        """The materials in whose place a promise stands, unless they are uploaded."""
        return [one for one in self.materials if one.by_promise and not one.files]

    @cached_property
    def promised(self) -> list[tuple[DraftMaterial, date]]:
        """The materials to be filed later, each with its last day, for the promise (容缺)."""
        by_id = {one.id: one for one in self.item.materials}
        return [
            (
                one,
                last_day(
                    self.item, by_id[one.line.id], received_on=self.today, calendar=self.calendar
                ),
            )
            for one in self.materials
            if one.state is MaterialState.TOLERATED
        ]

    @cached_property
    def pages(self) -> list[Section]:
        """Topics in which something is asked or shown; the questionnaire is the first."""
        return topics(self.shown, self.answers)

    def stopped(self) -> HttpResponse | None:
        """Send whoever returns to a submitted draft to its case."""
        stop = super().stopped()
        if stop is None and self.draft.case_number:
            return redirect("citizen:receipt", number=self.draft.case_number)
        return stop

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the draft, its item and who applies."""
        return super().context(
            draft=self.draft,
            item=self.shown,
            applicant=subject_name(self.draft.applicant_ref),
            **given,
        )

    def save(self, answers: Mapping[str, Answer]) -> DraftView:
        """Save answers over those of before."""
        return services.save_draft(
            draft_id=self.draft.id,
            item_slug=self.draft.item_slug,
            applicant_ref=self.draft.applicant_ref,
            answers={key: value for key, value in answers.items() if value is not None},
            by=self.actor,
            at=self.at,
        )


class Draft(DraftPage):
    """Task list: topics with their state, in any order (申请任务单)."""

    template_name = "citizen/draft.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what is done and what is not."""
        tasks = [self._task(section) for section in self.pages]
        tasks.append(self._papers())
        if commitment_open(self.item, self.answers):
            tasks.append(self._way())
        ready = all(task.status == "done" for task in tasks)
        tasks.append(
            Task(
                title=_("核对并提交"),
                href=reverse("citizen:check", args=[self.draft.id]) if ready else "",
                status="todo" if ready else "blocked",
            )
        )
        following = next(task for task in tasks if task.status != "done")
        briefing = None if self.unreadable else self.briefing
        return self.render({"tasks": tasks, "following": following, "briefing": briefing})

    def _papers(self) -> Task:
        """Return the materials; which ones is known only when the situation is."""
        address = reverse("citizen:materials", args=[self.draft.id])
        missing = [one for one in self.materials if not one.done]
        files = self.draft.uploads
        if self.undecided:
            return Task(
                title=_("上传材料"),
                href=address if files else "",
                status="doing" if files else "blocked",
                hint=_("先回答“%(topic)s”，才知道要交哪些材料") % {"topic": self.undecided.title},
            )
        return Task(
            title=_("上传材料"),
            href=address,
            status="done" if not missing else "doing" if files else "todo",
            hint=ngettext("还缺 %(count)s 件", "还缺 %(count)s 件", len(missing))
            % {"count": len(missing)}
            if missing
            else "",
        )

    @property
    def undecided(self) -> Section | None:
        """The first topic with an open question on which the list of materials rests."""
        resting = {one.id for one in self.item.questionnaire} | {
            condition.question for one in self.item.materials for condition in one.needed_when
        }
        waiting = resting & self.wrong.keys()
        for section in self.pages:
            asked = web_forms.section_questions(section, self.shown, self.answers)
            if any(question.id in waiting for question in asked):
                return section
        return None

    def _way(self) -> Task:
        """Return the choice between commitment and the ordinary way; the latter needs no act."""
        return Task(
            title=_("办理方式"),
            href=reverse("citizen:way", args=[self.draft.id]),
            status="done",
            hint=_("告知承诺，受理当日作出决定")
            if self.signed
            else _("一般方式；也可以选择告知承诺，当日作出决定"),
        )

    def _task(self, section: Section) -> Task:
        questions = web_forms.section_questions(section, self.shown, self.answers)
        open_ones = [question for question in questions if question.id in self.wrong]
        begun = any(
            question.id in self.draft.answers and not question.prefill for question in questions
        )
        return Task(
            title=section.title,
            href=reverse("citizen:section", args=[self.draft.id, section.id]),
            status="done" if not open_ones else "doing" if begun else "todo",
            hint=_("还有 %(count)s 项未填") % {"count": len(open_ones)}
            if open_ones and begun
            else "",
        )


class SectionPage(DraftPage):
    """One topic: what is known is shown, the rest is asked (填写)."""

    template_name = "citizen/section.html"

    @cached_property
    def section(self) -> Section:
        """The topic named in the address."""
        for section in self.pages:
            if section.id == self.kwargs["section"]:
                return section
        raise Http404

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the topic."""
        return self._page(self._form(self.answers))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save what was typed; ask again for what is wrong or newly needed."""
        form = self._form(self.answers, data=request.POST)
        valid = form.is_valid()
        shown = {field.name for field in form}
        merged = self.answers | form.answers()
        if request.headers.get("HX-Request"):
            return self._page(self._form(merged))
        following = web_forms.section_questions(self.section, self.shown, merged)
        asked_now, _held = self._parts(following)
        appeared = [question for question in asked_now if question.id not in shown]
        if not valid:
            return self._page(form, status=UNPROCESSABLE)
        held = known_answers(self.item, merged, self.prefilled)
        self.save(held | merged)
        if any(not question.optional for question in appeared):
            messages.info(request, _("已暂存。根据您的选择，请继续填写新出现的问题。"))
            return redirect(f"{request.path}?{request.GET.urlencode()}")
        return redirect(self._next())

    def _form(
        self, answers: Mapping[str, Answer], data: Mapping[str, Any] | None = None
    ) -> web_forms.QuestionsForm:
        questions = web_forms.section_questions(self.section, self.shown, answers)
        open_ones, _held = self._parts(questions)
        masked = {one.value for one in self.prefilled.values() if one.masked}
        return web_forms.QuestionsForm(
            open_ones,
            version=self.shown,
            given={key: None if value in masked else value for key, value in answers.items()},
            today=self.today,
            data=data,
            refreshing=web_forms.refreshing(self.shown, self.section),
            offered=self.offered,
        )

    def _parts(self, questions: Sequence[Question]) -> tuple[list[Question], list[web_forms.Known]]:
        open_ones, held = web_forms.split_known(questions, self.prefilled)
        edited = self._edited()
        reopened = [one.question for one in held if one.question.id in edited]
        kept = [one for one in held if one.question.id not in edited]
        order = {question.id: place for place, question in enumerate(questions)}
        return sorted([*open_ones, *reopened], key=lambda q: order[q.id]), kept

    def _edited(self) -> set[str]:
        """Return the known answers that the applicant wants to put right here."""
        named = set(self.request.GET.getlist("edit"))
        differing = {
            question.id
            for question in self.shown.questions()
            if question.prefill
            and question.id in self.draft.answers
            and question.prefill in self.prefilled
            and self.draft.answers[question.id] != self.prefilled[question.prefill].value
        }
        return {
            question.id
            for question in self.shown.questions()
            if question.id in named | differing and not fixed(question, self.prefilled)
        }

    def _page(self, form: web_forms.QuestionsForm, status: int = 200) -> HttpResponse:
        questions = web_forms.section_questions(
            self.section, self.shown, self.answers | form.answers() if form.is_bound else form.given
        )
        _open, held = self._parts(questions)
        rows = [
            {
                "label": one.label,
                "value": one.value,
                "source": one.source,
                "change": "" if fixed(one.question, self.prefilled) else f"?edit={one.question.id}",
                "note": _("如有误，请先到登记机关更正")
                if fixed(one.question, self.prefilled)
                else "",
            }
            for one in held
        ]
        place = self.pages.index(self.section) + 1
        return self.render(
            {
                "form": form,
                "section": self.section,
                "rows": rows,
                "place": place,
                "count": len(self.pages),
                "briefing": self._told(form) if form.fields else None,
            },
            status=status,
        )

    def _told(self, form: web_forms.QuestionsForm) -> services.Briefing | None:
        """Return what is told of the answers, where this topic asks for what it rests on."""
        answers = self.answers | form.answers() if form.is_bound else self.answers
        asked_here = {question.id for question in self.section.questions}
        without = {key: value for key, value in answers.items() if key not in asked_here}
        ref = self.draft.applicant_ref
        try:
            now = services.briefing_of(self.item, answers, ref, on=self.today)
            before = now and services.briefing_of(self.item, without, ref, on=self.today)
        except RefusedError:
            return None  # the check page says why
        return now if now and (before is None or before.digest != now.digest) else None

    def _next(self) -> str:
        """Return to the check page when the change came from there, else go on."""
        if "check" in self.request.GET:
            return reverse("citizen:check", args=[self.draft.id])
        return reverse("citizen:draft", args=[self.draft.id])


class UploadForm(forms.Form):
    """One file for one material."""

    use_required_attribute = False

    material = forms.CharField(max_length=60, widget=forms.HiddenInput)
    file = forms.FileField(
        label=_l("文件"),
        error_messages={
            "required": _l("请先选择文件，再点上传。"),
            "empty": _l("文件是空的，请重新选择。"),
        },
    )


class Materials(DraftPage):
    """Materials: what need not be filed and why; the rest is uploaded (上传材料)."""

    template_name = "citizen/materials.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show every material and how it stands, or what was noticed about one file since."""
        asked_about = asked_file(request)
        if asked_about is None:
            return self._page()
        ref, material = asked_about
        noticed = findings_of([ref])
        for one in self.materials:
            for file in one.files:
                if (file.ref, one.line.id) == (ref, material):
                    return found_again(request, scan(file, material, noticed))
        raise Http404("no such file of this draft")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take in one file, or say at that material what is wrong with it."""
        material = request.POST.get("material", "")
        form = UploadForm(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._page(
                material,
                " ".join(str(one) for one in form.errors.get("file", ()))
                or _("请在材料清单中选择材料，再上传文件。"),
            )
        sent = form.cleaned_data["file"]
        try:
            taken = take_in(sent, by=self.actor, at=self.at)
            services.attach(
                draft_id=self.draft.id,
                material_id=material,
                upload_ref=taken.ref,
                by=self.actor,
                at=self.at,
            )
        except RefusedError as refusal:
            return self._page(material, refusal.message)
        wanted = next((one for one in self.item.materials if one.id == material), None)
        if wanted is not None:
            services.precheck_upload(
                upload_ref=taken.ref,
                material=wanted,
                applicant_ref=self.draft.applicant_ref,
                by=self.actor,
                at=self.at,
            )
        messages.success(request, _("“%(name)s”已上传。") % {"name": taken.name})
        return redirect(f"{request.path}#material-{material}")

    def _page(self, material: str = "", error: str = "") -> HttpResponse:
        noticed = findings_of([file.ref for one in self.materials for file in one.files])
        return self.render(
            {
                "materials": [
                    (one, [scan(file, one.line.id, noticed) for file in one.files])
                    for one in self.materials
                ],
                "missing": [one for one in self.materials if not one.done],
                "wrong_material": material,
                "error": error,
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
            },
            status=UNPROCESSABLE if error else 200,
        )


class RemoveFile(DraftPage):
    """Take an uploaded file away again; it can be uploaded anew."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Detach the file and return to the materials."""
        services.detach(
            draft_id=self.draft.id,
            upload_ref=request.POST.get("file", ""),
            by=self.actor,
            at=self.at,
        )
        messages.success(request, _("文件已移除。"))
        return redirect("citizen:materials", draft=self.draft.id)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A reloaded removal shows the materials."""
        return redirect("citizen:materials", draft=self.draft.id)


class SubmitForm(forms.Form):
    """The declaration, and the promise of what is missing, where something is."""

    use_required_attribute = False

    promise = forms.BooleanField(
        label=_l("我已阅读并承诺以上内容"),
        error_messages={"required": _l("请阅读承诺内容并勾选，然后提交。")},
    )
    by_person = forms.BooleanField(
        label=_l("我要求由工作人员办理，不由系统自动作出决定"), required=False
    )
    certified = forms.BooleanField(
        label=_l("我承诺以上情况属实，以本承诺代替这些证明"),
        error_messages={"required": _l("请阅读并勾选承诺，或者到“材料”中上传这些证明。")},
    )
    tolerance = forms.BooleanField(
        label=_l("我已阅读并签署容缺受理承诺书，保证按期补齐"),
        error_messages={"required": _l("请阅读容缺受理承诺书并勾选，或者现在上传这些材料。")},
    )
    briefed = forms.BooleanField(
        label=_l("我已知悉以上需要办理的许可和审批部门，取得许可前不经营"),
        error_messages={
            "required": _l("请阅读经营范围需要办理的许可并勾选，取得许可前不经营，然后提交。")
        },
    )


class Check(DraftPage, FormPage):
    """Last look: all answers, all materials, the declaration in full (核对信息)."""

    template_name = "citizen/check.html"
    form_class = SubmitForm

    def form(self) -> forms.Form:
        """Return the form; the promise is asked for only where something may be missing."""
        form = super().form()
        if not self.promised:
            del form.fields["tolerance"]
        if not self.certified:
            del form.fields["certified"]
        if self.unreadable or self.briefing is None:
            del form.fields["briefed"]
        else:
            self._ask_again(form, self.briefing.digest)
        for one in self.certified:
            form.fields[f"state_{one.line.id}"] = forms.CharField(
                label=_("“%(name)s”的说明") % {"name": one.line.name},
                help_text=self._standard(one.line.id),
                required=False,
                max_length=STATEMENT_MAX,
                widget=forms.Textarea(attrs={"rows": 3}),
                error_messages={"max_length": _("最多 500 个字，请删减。")},
            )
        return form

    def _ask_again(self, form: forms.Form, digest: str) -> None:
        """Let the tick name the text it was set beside; one set beside another text counts not."""
        field = form.fields["briefed"]
        field.widget.attrs["value"] = digest
        if form.is_bound and self.confirmed not in {"", digest}:
            form.data = {key: form.data[key] for key in form.data if key != "briefed"}
            field.error_messages["required"] = _(
                "确认以后，经营范围或者许可规则有了变化，请重新阅读许可清单并勾选。"
            )

    @property
    def confirmed(self) -> str:
        """Digest of what the applicant confirmed they were told; empty: they did not."""
        return self.request.POST.get("briefed", "")[:64]

    def _standard(self, material: str) -> str:
        return next(one.accept_standard for one in self.shown.materials if one.id == material)

    def context(self, **given: Any) -> dict[str, Any]:
        """Show everything that will be submitted."""
        named = {one.id: one.name for one in self.item.materials}  # a promise is kept as signed
        return super().context(
            sections=[
                {
                    "section": section,
                    "rows": self._rows(section),
                    "change": reverse("citizen:section", args=[self.draft.id, section.id])
                    + "?check=1",
                }
                for section in self.pages
            ],
            materials=self.materials,
            missing=[one for one in self.materials if not one.done],
            tolerance=tolerance_paragraphs(
                self.item,
                applicant_name=subject_name(self.draft.applicant_ref),
                lines=[(named[one.line.id], day) for one, day in self.promised],
            )
            if self.promised
            else [],
            intolerant=self.intolerant,
            unpromising=self.unpromising,
            briefing=None if self.unreadable else self.briefing,
            unreadable=self.unreadable,
            commitment=self.signed,
            way_open=commitment_open(self.item, self.answers),
            problems=[(sentence, self._place(name)) for name, sentence in self.wrong.items()],
            automatic=granting_rules(self.item),
            **given,
        )

    def _place(self, question_id: str) -> str:
        """Return the address of the topic that asks a question; empty: none does."""
        for section in self.pages:
            if any(question.id == question_id for question in section.questions):
                return reverse("citizen:section", args=[self.draft.id, section.id]) + "?check=1"
        return ""

    def valid(self, form: SubmitForm) -> HttpResponse:
        """Save what the registers answer, submit, and show the receipt."""
        if self.wrong or any(not one.done for one in self.materials):
            form.add_error(None, _("还有内容没有填好，请逐项补上后再提交。"))
            return self.invalid(form)
        if self.answers != self.draft.answers:
            self.save(self.answers)
        case = services.submit_case(
            draft_id=self.draft.id,
            declaration_accepted=form.cleaned_data["promise"],
            idempotency_key=f"draft-{self.draft.id}",
            tolerance_signed=bool(form.cleaned_data.get("tolerance")),
            certificates={
                one.line.id: form.cleaned_data[f"state_{one.line.id}"] for one in self.certified
            },
            signed_how=strength(self.request),
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            by_person=form.cleaned_data["by_person"],
            briefed=self.confirmed,
        )
        services.note_asked(number=case.number, blank=self._blank(), by=self.actor, at=self.at)
        services.decide_by_rules(case=case, calendar=self.calendar, at=self.at)
        return redirect("citizen:receipt", number=case.number)

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show what is wrong; who pressed twice has handed in and gets the receipt."""
        number = cases.draft(self.draft.id, by=self.actor).case_number
        return redirect("citizen:receipt", number=number) if number else super().invalid(form)

    def _blank(self) -> list[str]:
        """Return the questions that the topics showed empty at first."""
        questions = [
            question
            for section in self.pages
            for question in web_forms.section_questions(section, self.shown, self.answers)
        ]
        open_ones, _held = web_forms.split_known(questions, self.prefilled)
        return web_forms.QuestionsForm(
            open_ones, version=self.shown, given={}, today=self.today, offered=self.offered
        ).blank()

    def _rows(self, section: Section) -> list[dict[str, Any]]:
        questions = web_forms.section_questions(section, self.shown, self.answers)
        _open, held = web_forms.split_known(questions, self.prefilled)
        sources = {one.question.id: (one.value, one.source) for one in held}
        rows = []
        for question in questions:
            value = web_forms.in_words(question, self.answers.get(question.id))
            known = sources.get(question.id)
            source = known[1] if known and known[0] == value else ""
            rows.append({"label": question.label, "value": value, "source": source})
        return rows


class Discard(DraftPage):
    """Throw a draft away: a second, specific step (删除草稿)."""

    template_name = "citizen/discard.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name what will be gone."""
        return self.render()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete it."""
        services.delete_draft(draft_id=self.draft.id, by=self.actor, at=self.at)
        messages.success(request, _("草稿已删除。"))
        return redirect("citizen:cases")


def topics(item: ItemVersion, answers: Mapping[str, Answer]) -> list[Section]:
    """Return the sections in which something is asked; the questionnaire comes first."""
    first = Section(id="situation", title=_("办理情形"), questions=item.questionnaire)
    return [
        section
        for section in (first, *item.form_sections)
        if web_forms.section_questions(section, item, answers)
    ]


def fixed(question: Question, prefilled: Mapping[str, Prefilled]) -> bool:
    """Tell whether a known answer may not be typed over on this form."""
    held = prefilled.get(question.prefill)
    return (
        question.kind in FIXED_KINDS
        or question.prefill in FIXED_KEYS
        or (held is not None and held.masked and question.kind is not QuestionKind.PHONE)
    )


def known_answers(
    item: ItemVersion, answers: Mapping[str, Answer], prefilled: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Return the answers that the registers give to questions that are asked and not answered."""
    held: dict[str, Answer] = {}
    for question in asked(item, answers):
        found_one = prefilled.get(question.prefill) if question.prefill else None
        if found_one is not None and answers.get(question.id) is None:
            held[question.id] = found_one.value
    return held


def answers_of(
    draft: DraftView, item: ItemVersion, prefilled: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Return the answers of a draft as the rules read them, those of the registers included."""
    typed: dict[str, Answer] = {
        key: tuple(value) if isinstance(value, list) else value  # type: ignore[misc]
        for key, value in draft.answers.items()
    }
    return known_answers(item, typed, prefilled) | typed


def draft_materials(
    draft: DraftView,
    item: ItemVersion,
    answers: Mapping[str, Answer],
    prefilled: Mapping[str, Prefilled],
    *,
    today: date,
    committed: bool = False,
    tolerant: bool = True,
    promising: bool = True,
) -> list[DraftMaterial]:
    """Return each material with its state; the receipt computes it again and has the last word.

    Args:
        draft: The draft with its files.
        item: Its item version.
        answers: Everything answered so far.
        prefilled: What the registers hold.
        today: Day of asking.
        committed: A letter of commitment was signed.
        tolerant: What may be missing counts as to come, once the promise to file it is signed.
        promising: A written promise may take the place of certificates that the item names.
    """
    files = documents.uploads([ref for _material, ref in draft.uploads])
    result = []
    for material, line in zip(needed(item, answers), guides.checklist(item, answers), strict=True):
        filed = [
            files[ref]
            for material_id, ref in draft.uploads
            if material_id == material.id and ref in files
        ]
        source = waived_by(material, draft.applicant_ref, prefilled, today=today)
        by_promise = False
        if filed:
            state = MaterialState.FILED
        elif source:
            state = MaterialState.WAIVED
        elif committed and material.on_commitment is OnCommitment.REPLACED:
            state, source = MaterialState.WAIVED, _("告知承诺书")
        elif committed and material.on_commitment is OnCommitment.LATER:
            state = MaterialState.PROMISED
        elif by_promise := promising and certifiable(material):
            state, source = MaterialState.WAIVED, _("书面承诺，提交时签署")
        elif tolerant and tolerable(item, material):
            state = MaterialState.TOLERATED
        else:
            state = MaterialState.MISSING
        if line.waived and not source:
            line = replace(line, tag=_("须提交"), colour="neutral", how=material.accept_standard)
        result.append(
            DraftMaterial(line=line, state=state, source=source, files=filed, by_promise=by_promise)
        )
    return result


def waived_by(
    material: Material, applicant_ref: str, prefilled: Mapping[str, Prefilled], *, today: date
) -> str:
    """Return the source that makes a material unnecessary; empty: it must be handed in."""
    if material.waive_by is WaiveBy.GENERATED:
        return _("由系统根据填写的内容生成")
    if material.waive_by is WaiveBy.REGISTER:
        held = prefilled.get(material.waive_ref)
        return held.source_label if held else ""
    if material.waive_by is WaiveBy.LICENCE and licences.has_valid(
        applicant_ref, material.waive_ref, on=today
    ):
        return _("电子证照库")
    return ""


def _prefill(ref: str) -> dict[str, Prefilled]:
    try:
        return registers.prefill(ref)
    except LookupError:
        return {}
