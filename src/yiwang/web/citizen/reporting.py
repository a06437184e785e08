"""Say what was corrected after an order that followed the check of a commitment (报告改正情况)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.commitments import CheckState
from yiwang.cases.queries import commitments
from yiwang.cases.queries.commitments import CheckPage
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.citizen.materials import ACCEPTED_FILES
from yiwang.web.uploads import take_in
from yiwang.web.views import FormPage

TEXT_LENGTH = 2000


class ReportForm(forms.Form):
    """What was corrected, in the holder's words."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("改正情况"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_l("写明已经做了哪些改正、什么时候做的；照片最能说明问题。"),
        error_messages={
            "required": _l("请写明已经做了哪些改正。"),
            "max_length": _l("最多 2000 个字，请删减。"),
        },
    )


class ReportCorrection(OwnCase, FormPage):
    """Read what was ordered, and report on it with photos; a check follows."""

    template_name = "citizen/report_correction.html"
    form_class = ReportForm

    @cached_property
    def check(self) -> CheckPage:
        """The check with its order; others have no such page."""
        page = commitments.check_of(
            self.case.number, by=self.actor, today=self.today, calendar=self.calendar
        )
        if page is None or page.row.state is not CheckState.ORDERED:
            raise Http404("nothing was ordered")
        return page

    @cached_property
    def files(self) -> list[str]:
        """Refs of files that the page sent back, or that came with it."""
        known = documents.uploads(self.request.POST.getlist("file_ref"))
        return [ref for ref, one in known.items() if one.owner_ref == self.actor.ref]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the files in first, so that none is lost by a mistake elsewhere."""
        _page = self.check
        wrong = []
        for sent in request.FILES.getlist("files"):
            try:
                self.files.append(take_in(sent, by=self.actor, at=self.at).ref)
            except RefusedError as refusal:
                wrong.append(f"{sent.name}：{refusal.message}")
        if not wrong:
            return super().post(request, *args, **kwargs)
        form = self.form()
        for sentence in wrong:
            form.add_error(None, sentence)
        return self.invalid(form)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was ordered, what was reported before, and the files of this report."""
        page = self.check
        sent = self.files if self.request.method == "POST" else []
        with scope.everything():  # they belong to the check, whoever of the firm sent them
            held = documents.uploads([*sent, *(r for one in page.reports for r in one.upload_refs)])
        return super().context(
            check=page,
            held=held,
            ordered=page.results[-1],
            files=[held[ref] for ref in sent if ref in held],
            accept=ACCEPTED_FILES,
            limit_mb=settings.MAX_UPLOAD_BYTES // 1_000_000,
            **given,
        )

    def valid(self, form: ReportForm) -> HttpResponse:
        """Keep the report."""
        services.report_correction(
            number=self.case.number,
            text=form.cleaned_data["text"],
            upload_refs=self.files,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已收到您的改正情况，核查人员会再次核查。"))
        return redirect("citizen:case", number=self.case.number)
