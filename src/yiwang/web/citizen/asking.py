"""Asking in one's own words: answers are quotations, or a person answers (提问)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.consultations import queries as consultations
from yiwang.consultations import quoting, services
from yiwang.consultations.policy.handing_over import HANDED_LIMIT_CHARS
from yiwang.consultations.policy.matching import QUESTION_LIMIT_CHARS
from yiwang.consultations.quoting import QuestionRefusedError, Reply
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.organisations.limits import TooManyTriesError
from yiwang.web.requests import address_of
from yiwang.web.views import APPLICANT, UNPROCESSABLE, FormPage, Page

TOO_MANY = 429

HANDED_KEY, READ_KEY = "handed_over", "read_answer"
"""What a session remembers: the question just handed over, and the one whose code was proven."""

CODE_LENGTH, PHONE_LENGTH = 20, 20

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
            reply = quoting.reply(text, on=self.today)
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
            "item": _about(reply),
            "crumbs": [(_("帮办与咨询"), reverse("citizen:help"))],
        }
        response = self.render(context, status=status)
        response["X-Robots-Tag"] = "noindex"
        return response


def _about(reply: Reply | None) -> str:
    """Return the item that a question is about where that is sure enough to choose a department."""
    if reply is None or not reply.items or (not reply.known and len(reply.items) > 1):
        return ""
    return reply.items[0].slug


def _refused(form: AskForm, refusal: RefusedError) -> AskForm:
    if form.is_valid():
        form.add_error("q", refusal.message)
    return form


class HandOverForm(forms.Form):
    """The question and, from whoever is not signed in, a number to read the answer with."""

    use_required_attribute = False

    question = forms.CharField(
        label=_l("您的问题"),
        max_length=HANDED_LIMIT_CHARS,
        help_text=_l("写清想办什么、卡在哪里，最多 500 个字。请不要写证件号码。"),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _l("请写下要问的问题。"),
            "max_length": _l("问题最多 500 个字，请删减。"),
        },
    )
    phone = forms.CharField(
        label=_l("手机号码"),
        max_length=PHONE_LENGTH,
        help_text=_l("凭它和查询码看答复。加密保存，工作人员只看到前三位和后四位。"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={
            "required": _l("请填写 11 位手机号码，凭它看答复。"),
            "max_length": _l("号码过长，请核对。"),
        },
    )
    item = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["phone"]


class HandOver(FormPage):
    """Hand a question over to a person (把问题交给工作人员)."""

    template_name = "citizen/hand_over.html"
    form_class = HandOverForm
    nav = "help"

    def form(self) -> forms.Form:
        """Ask for a number only where there is no account to read the answer with."""
        sent = self.request.POST if self.request.method == "POST" else None
        known = bool(self.actor.subjects)
        return HandOverForm(data=sent, initial=self.initial(), known=known)

    def initial(self) -> dict[str, Any]:
        """Take question and item from the box."""
        return {
            "question": _printable(self.request.GET.get("q", ""))[:HANDED_LIMIT_CHARS],
            "item": _printable(self.request.GET.get("item", ""))[:80],
        }

    def context(self, **given: Any) -> dict[str, Any]:
        """Say what it is about and by when it is answered."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        return super().context(
            item=self._item(_printable(sent.get("item", ""))[:80]),
            workdays=consultations.answer_workdays(on=self.today),
            known=bool(self.actor.subjects),
            **given,
        )

    def valid(self, form: HandOverForm) -> HttpResponse:
        """Hand it over and show the code."""
        try:
            with scope.everything():  # a stranger's question is in nobody's scope yet
                asked = services.hand_over(
                    question=form.cleaned_data["question"],
                    phone=form.cleaned_data.get("phone", ""),
                    item_slug=form.cleaned_data["item"],
                    workdays=consultations.answer_workdays(on=self.today),
                    calendar=self.calendar,
                    by=self.actor,
                    at=self.at,
                )
        except TooManyTriesError as refusal:
            form.add_error(None, refusal.message)
            return self.render({"form": form}, status=TOO_MANY)
        self.request.session[HANDED_KEY] = {
            "code": asked.query_code,
            "department": asked.department,
            "due_on": f"{asked.due_on:%Y-%m-%d}",
            "known": bool(self.actor.subjects),
        }
        return redirect("citizen:handed_over")

    def _item(self, slug: str) -> ItemVersion | None:
        found = catalogue.items_named([slug], on=self.today) if slug else []
        return found[0] if found else None


class HandedOver(Page):
    """The code, who answers and by when; a proof that the question arrived."""

    template_name = "citizen/handed_over.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what was handed over in this session, or the form."""
        handed = request.session.get(HANDED_KEY)
        return self.render({"handed": handed}) if handed else redirect("citizen:hand_over")


class ReadAnswerForm(forms.Form):
    """What only the asker knows."""

    use_required_attribute = False

    query_code = forms.CharField(
        label=_l("查询码"),
        max_length=CODE_LENGTH,
        help_text=_l("提交问题后显示的 12 位码，以 ZX 开头"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={
            "required": _l("请填写提交问题后得到的查询码。"),
            "max_length": _l("查询码过长，请核对。"),
        },
    )
    phone = forms.CharField(
        label=_l("手机号码"),
        max_length=PHONE_LENGTH,
        help_text=_l("提问时填写的 11 位号码"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={
            "required": _l("请填写提问时的手机号码。"),
            "max_length": _l("号码过长，请核对。"),
        },
    )


class ReadAnswer(FormPage):
    """Ask for code and number; the sentence never says which was wrong (看答复)."""

    template_name = "citizen/read_answer.html"
    form_class = ReadAnswerForm
    nav = "help"

    def valid(self, form: ReadAnswerForm) -> HttpResponse:
        """Remember in this session that they were proven."""
        code, phone = form.cleaned_data["query_code"], form.cleaned_data["phone"]
        try:
            services.count_look(code=code, address=address_of(self.request), at=self.at)
        except TooManyTriesError as refusal:
            form.add_error(None, refusal.message)
            return self.render({"form": form}, status=TOO_MANY)
        with scope.everything():  # query code and telephone are the secret
            consultations.read_by_code(code=code, phone=phone)
        self.request.session[READ_KEY] = [code, phone]
        return redirect("citizen:shown_answer")


class ShownAnswer(Page):
    """The question that was proven in this session, and its answer."""

    template_name = "citizen/shown_answer.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, or ask who asks."""
        proven = request.session.get(READ_KEY)
        if not proven:
            return redirect("citizen:read_answer")
        with scope.everything():  # query code and telephone were proven
            asked = consultations.read_by_code(code=proven[0], phone=proven[1])
        return self.render({"questions": [asked]})


class MyQuestions(Page):
    """Own questions and their answers (我的提问)."""

    permission = APPLICANT
    template_name = "citizen/my_questions.html"
    nav = "cases"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the newest first."""
        return self.render({"questions": consultations.own_questions(by=self.actor)})


def _printable(text: str) -> str:
    return text.replace("\x00", "")
