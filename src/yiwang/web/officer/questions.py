"""Questions of the public and what the department answers (咨询答复)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.consultations import queries as consultations
from yiwang.consultations import services
from yiwang.consultations.policy.handing_over import (
    ANSWER_LIMIT_CHARS,
    HANDED_LIMIT_CHARS,
    REASON_LIMIT_CHARS,
)
from yiwang.consultations.queries import ConsultationView
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found


class Questions(Page):
    """Questions of one's departments, the most urgent first."""

    permission: ClassVar[Permission] = Permission.CONSULT_ANSWER
    template_name = "officer/questions/list.html"
    nav = "questions"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of open or of answered questions."""
        answered = request.GET.get("tab") == "answered"
        after = request.GET.get("after", "")
        page = consultations.consultations(
            by=self.actor,
            today=self.today,
            calendar=self.calendar,
            answered=answered,
            after=after,
        )
        return self.render(
            {
                "answered": answered,
                "page": page,
                "first": not after,
                "open_count": consultations.open_consultations(by=self.actor),
                "names": department_names(),
            }
        )


class AnswerForm(forms.Form):
    """What the asker will read."""

    use_required_attribute = False

    answer = forms.CharField(
        label=_l("答复"),
        max_length=ANSWER_LIMIT_CHARS,
        help_text=_l("提问人会看到全文、您的姓名和部门。写明依据和下一步怎么办。提交后不能修改。"),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={
            "required": _l("请填写答复。"),
            "max_length": _l("答复最多 2000 个字，请删减。"),
        },
    )


class TransferForm(forms.Form):
    """Who knows, and why."""

    use_required_attribute = False

    department = forms.ChoiceField(
        label=_l("转给"), error_messages={"required": _l("请选择部门。")}
    )
    reason = forms.CharField(
        label=_l("转办理由"),
        max_length=REASON_LIMIT_CHARS,
        error_messages={"required": _l("请写明转办理由。")},
    )

    def __init__(self, *args: Any, departments: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("请选择")), *departments]


class PublishForm(forms.Form):
    """The same once more, in words for everybody."""

    use_required_attribute = False

    question = forms.CharField(
        label=_l("公开的问题"),
        max_length=HANDED_LIMIT_CHARS,
        help_text=_l("删去姓名、地址、号码和只与提问人有关的情况，写成大家都会问的话。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _l("请填写公开的问题。")},
    )
    answer = forms.CharField(
        label=_l("公开的答复"),
        max_length=ANSWER_LIMIT_CHARS,
        help_text=_l("对任何人都成立的答复；提问框会原样引用。"),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _l("请填写公开的答复。")},
    )


class WithdrawForm(forms.Form):
    """Why an answer is taken down."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("撤下理由"),
        max_length=REASON_LIMIT_CHARS,
        error_messages={"required": _l("请写明撤下理由。")},
    )


class QuestionPage(FormPage):
    """What pages about one question share."""

    permission: ClassVar[Permission] = Permission.CONSULT_ANSWER
    nav = "questions"

    @cached_property
    def question(self) -> ConsultationView:
        """The question of the address."""
        return found(
            lambda: consultations.consultation(
                self.kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
            )
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the question, its department and who answered."""
        one = self.question
        return super().context(
            question=one,
            department=department_names().get(one.department, one.department),
            who=organisations.names_of([one.answered_by]).get(one.answered_by, one.answered_by),
            **given,
        )


class Question(QuestionPage):
    """One question: what is asked, and the answer."""

    template_name = "officer/questions/question.html"
    form_class = AnswerForm

    def valid(self, form: AnswerForm) -> HttpResponse:
        """Answer it."""
        services.answer_consultation(
            consultation_id=self.question.id,
            answer=form.cleaned_data["answer"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已答复，提问人可以看到。"))
        return redirect("officer:question", number=self.question.id)


class TransferQuestion(QuestionPage):
    """Pass the question on to the department that knows (转办)."""

    template_name = "officer/questions/transfer.html"

    def form(self) -> forms.Form:
        """Offer the departments in which somebody answers."""
        sent = self.request.POST if self.request.method == "POST" else None
        others = [
            one
            for one in consultations.answering_departments(at=self.at)
            if one[0] != self.question.department
        ]
        return TransferForm(sent, departments=others)

    def valid(self, form: TransferForm) -> HttpResponse:
        """Pass it on; afterwards it is in the other department's list only."""
        with scope.everything():  # the row leaves the scope of whoever passes it on
            services.transfer_consultation(
                consultation_id=self.question.id,
                department=form.cleaned_data["department"],
                reason=form.cleaned_data["reason"],
                by=self.actor,
                at=self.at,
            )
        messages.success(self.request, _("已转办，答复期限不变。"))
        return redirect("officer:questions")


class PublishAnswer(QuestionPage):
    """The second step before an answer is public: worded anew, its consequence named (公开)."""

    template_name = "officer/questions/publish.html"
    form_class = PublishForm

    def initial(self) -> dict[str, Any]:
        """Begin with what was asked and answered, or with what was public before."""
        one = self.question
        said = one.public or one
        return {"question": said.question, "answer": said.answer}

    def valid(self, form: PublishForm) -> HttpResponse:
        """Make it public."""
        services.publish_answer(
            consultation_id=self.question.id,
            question=form.cleaned_data["question"],
            answer=form.cleaned_data["answer"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("答复已公开，提问框可以找到。"))
        return redirect("officer:question", number=self.question.id)


class WithdrawAnswer(QuestionPage):
    """Take a public answer down (撤下)."""

    template_name = "officer/questions/withdraw.html"
    form_class = WithdrawForm

    def valid(self, form: WithdrawForm) -> HttpResponse:
        """Take it down."""
        services.withdraw_answer(
            consultation_id=self.question.id,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已撤下，提问框不再引用。"))
        return redirect("officer:question", number=self.question.id)
