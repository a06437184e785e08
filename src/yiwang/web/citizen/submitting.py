"""The last look at an application, and handing it in or throwing it away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.commitments import tolerance_paragraphs
from yiwang.cases.services.signing import STATEMENT_MAX
from yiwang.catalogue.policy.items import Section, commitment_open
from yiwang.web import forms as web_forms
from yiwang.web.automatic import granting_rules
from yiwang.web.citizen.drafting import DraftPage
from yiwang.web.citizen.known import strength, subject_name
from yiwang.web.views import FormPage


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
