"""Notice and commitment while applying: both ways side by side, then confirm and sign."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.answers import kept_answers
from yiwang.cases.policy.commitments import commitment_paragraphs, on_commitment
from yiwang.cases.queries import commitments
from yiwang.catalogue.policy.items import Answer, OnCommitment, ToldCondition, commitment_open
from yiwang.web.citizen.drafting import DraftPage
from yiwang.web.citizen.known import strength, subject_name
from yiwang.web.views import UNPROCESSABLE, FormPage


class CommitmentPage(DraftPage):
    """What both pages share; there are none where the item or the answers know no commitment."""

    @cached_property
    def plain(self) -> dict[str, Answer]:
        """The answers that are asked for and given."""
        return kept_answers(self.item, self.answers)

    @cached_property
    def barred(self) -> str:
        """Why this applicant may not commit; empty: they may."""
        return commitments.commitment_barred(self.draft.applicant_ref, on=self.today)

    def stopped(self) -> HttpResponse | None:
        """Answer that there is no such page where nobody can commit."""
        stop = super().stopped()
        if stop is None and not commitment_open(self.item, self.plain):
            raise Http404
        return stop


class Way(CommitmentPage):
    """Choose between commitment and the ordinary way, each with its days (办理方式)."""

    template_name = "citizen/way.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show both."""
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go on to the letter, or take it back and go the ordinary way."""
        chosen = request.POST.get("way", "")
        if chosen == "commitment" and not self.barred:
            return redirect("citizen:commitment", draft=self.draft.id)
        if chosen == "ordinary":
            services.drop_commitment(draft_id=self.draft.id, by=self.actor, at=self.at)
            messages.success(request, _("已选择一般方式。"))
            return redirect("citizen:draft", draft=self.draft.id)
        return self._page(
            _("不能采用告知承诺，请选择一般方式。") if chosen else _("请选择办理方式。"),
        )

    def _page(self, error: str = "") -> HttpResponse:
        return self.render(
            {
                "terms": self.item.commitment_terms,
                "now": on_commitment(self.item, self.plain, OnCommitment.NOW),
                "later": on_commitment(self.item, self.plain, OnCommitment.LATER),
                "replaced": on_commitment(self.item, self.plain, OnCommitment.REPLACED),
                "signed": commitments.of_draft(self.draft.id),
                "barred": self.barred,
                "error": error,
            },
            status=UNPROCESSABLE if error else 200,
        )


class SignForm(forms.Form):
    """One box per condition, and one for the letter as a whole."""

    use_required_attribute = False

    accepted = forms.BooleanField(
        label=_l("我已阅读承诺书全文，自愿作出以上承诺"),
        error_messages={
            "required": _l("请阅读承诺书全文并勾选，再签署；不愿承诺的请选择一般方式。")
        },
    )

    def __init__(
        self, conditions: tuple[ToldCondition, ...], data: Mapping[str, Any] | None
    ) -> None:
        super().__init__(data=data)
        self.conditions = conditions
        for one in conditions:
            self.fields[f"told_{one.id}"] = forms.BooleanField(
                label=one.text,
                help_text=one.basis,
                error_messages={"required": _("请确认这一条；做不到的请选择一般方式。")},
            )
        self.order_fields([f"told_{one.id}" for one in conditions])

    @property
    def told(self) -> list[forms.BoundField]:
        """The boxes of the conditions."""
        return [self[f"told_{one.id}"] for one in self.conditions]

    @property
    def confirmed(self) -> list[str]:
        """The conditions that were confirmed."""
        return [one.id for one in self.conditions if self.cleaned_data.get(f"told_{one.id}")]


class Commit(CommitmentPage, FormPage):
    """Read what is told, confirm each condition, sign the letter (签署告知承诺书)."""

    template_name = "citizen/commit.html"
    form_class = SignForm

    def form(self) -> SignForm:
        """Return the form with a box for each condition."""
        sent = self.request.POST if self.request.method == "POST" else None
        return SignForm(self.item.commitment_conditions, sent)

    def context(self, **given: Any) -> dict[str, Any]:
        """Show the letter as it will be signed."""
        name = subject_name(self.draft.applicant_ref)
        return super().context(
            terms=self.item.commitment_terms,
            paragraphs=commitment_paragraphs(self.item, applicant_name=name, answers=self.plain),
            barred=self.barred,
            **given,
        )

    def valid(self, form: SignForm) -> HttpResponse:
        """Sign."""
        services.sign_commitment(
            draft_id=self.draft.id,
            confirmed=form.confirmed,
            accepted=form.cleaned_data["accepted"],
            signed_how=strength(self.request),
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("承诺书已签署，提交申请后生效。"))
        return redirect("citizen:draft", draft=self.draft.id)
