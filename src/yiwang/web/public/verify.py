"""Checking a licence by its QR code or its file (证照核验)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.licences import services
from yiwang.licences.services import CHECKS, VerifyAnswer
from yiwang.organisations import scope
from yiwang.organisations.limits import TooManyTriesError, count_try, network_of
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, FormPage, Page

TOO_MANY = 429
NOT_FOUND = 404


class VerifyToken(Page):
    """What stands behind a QR code (扫码核验)."""

    template_name = "public/verified.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say whether the licence is valid today."""
        try:
            _count(self)
        except TooManyTriesError as refusal:
            return self.refusal_page(refusal, status=TOO_MANY)
        with scope.everything():  # the token is the secret
            answer = services.verify_token(self.kwargs["token"], at=self.at, ip=self.actor.ip)
        return self.render(_words(answer), status=200 if answer.found else NOT_FOUND)


class VerifyForm(forms.Form):
    """The file of a licence."""

    use_required_attribute = False

    file = forms.FileField(
        label=_l("电子证照文件"),
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
        error_messages={
            "required": _l("请先选择电子证照的 PDF 文件。"),
            "empty": _l("文件是空的，请重新选择。"),
        },
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than any licence."""
        sent = self.cleaned_data["file"]
        if sent.size > settings.MAX_UPLOAD_BYTES:
            megabytes = settings.MAX_UPLOAD_BYTES // 1_000_000
            raise forms.ValidationError(
                _("文件超过 %(size)s MB，请选择电子证照原文件。") % {"size": megabytes}
            )
        return sent


class VerifyFile(FormPage):
    """Whether a licence file is as it was sealed (文件核验)."""

    template_name = "public/verify.html"
    form_class = VerifyForm

    def valid(self, form: VerifyForm) -> HttpResponse:
        """Check it; the file is not kept."""
        try:
            _count(self)
        except TooManyTriesError as refusal:
            form.add_error(None, refusal.message)
            return self.render({"form": form}, status=TOO_MANY)
        content = form.cleaned_data["file"].read()
        with scope.everything():  # the file itself is the proof
            answer = services.verify_file(content, at=self.at, ip=self.actor.ip)
        return self.render(
            _words(answer) | {"by_file": True},
            status=200 if answer.valid else UNPROCESSABLE,
            template="public/verified.html",
        )


def _count(page: Page) -> None:
    count_try(
        what="verify",
        who=network_of(address_of(page.request)),
        bound=CHECKS,
        at=page.at,
    )


def _words(answer: VerifyAnswer) -> dict[str, Any]:
    rows = []
    if answer.type_name:
        rows = [
            {"label": _("证照名称"), "value": answer.type_name},
            {"label": _("证照编号"), "value": answer.number},
            {"label": _("持证主体"), "value": answer.holder_name},
            {"label": _("颁发机关"), "value": answer.issuer_name},
            *({"label": label, "value": value} for label, value in answer.fields),
        ]
    return {"answer": answer, "rows": rows}
