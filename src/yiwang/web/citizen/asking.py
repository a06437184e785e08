"""Asking in one's own words; answers are quotations, or there is none (提问)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.consultations import queries as consultations
from yiwang.consultations import services
from yiwang.consultations.policy.matching import QUESTION_LIMIT_CHARS
from yiwang.consultations.queries import QuestionRefusedError, Reply
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.limits import TooManyTriesError
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, Page

TOO_MANY = 429

PARTS = {
    "faq": _l("常见问题"),
    "summary": _l("事项说明"),
    "conditions": _l("办理条件"),
    "materials": _l("申请材料"),
    "limit": _l("办理时限"),
    "fees": _l("收费"),
    "result": _l("办理结果"),
    "flow": _l("办理流程"),
    "places": _l("办理地点"),
}
"""Part of a guide -> what the reader calls it."""


class AskForm(forms.Form):
    """One box; whether it can be read is for the query to say."""

    use_required_attribute = False

    q = forms.CharField(
        label=_l("您的问题"),
        required=False,
        strip=False,
        help_text=_l("用平常的话问，最多 200 个字。请不要写姓名、电话、证件号码。"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": QUESTION_LIMIT_CHARS}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].required = True  # not shown as 选填; an empty one is refused in words
        self.fields["q"].error_messages["required"] = _("请先写下要问的问题，再按“提问”。")
        self.fields["q"].validators = []


class Ask(Page):
    """Answer in the words of guides and laws, or say that nothing is known and who does."""

    template_name = "citizen/ask.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the box, and what is known about the question in the address."""
        if "q" not in request.GET:
            return self._page(AskForm(), None)
        text = request.GET["q"]
        form = AskForm({"q": text[: 2 * QUESTION_LIMIT_CHARS].replace("\x00", "")})
        try:
            services.count_question(address=address_of(request), at=self.at)
            reply = consultations.reply(text, on=self.today)
        except TooManyTriesError as refusal:
            return self._page(_refused(form, refusal), None, status=TOO_MANY)
        except QuestionRefusedError as refusal:
            return self._page(_refused(form, refusal), None, status=UNPROCESSABLE)
        return self._page(form, reply)

    def _page(self, form: AskForm, reply: Reply | None, *, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "reply": reply,
            "parts": PARTS,
            "crumbs": [(_("帮办与咨询"), reverse("citizen:help"))],
        }
        response = self.render(context, status=status)
        response["X-Robots-Tag"] = "noindex"
        return response


def _refused(form: AskForm, refusal: RefusedError) -> AskForm:
    if form.is_valid():
        form.add_error("q", refusal.message)
    return form
