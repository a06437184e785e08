"""Bad ratings and what is done about them (差评处理)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.ratings import queries as ratings
from yiwang.ratings import services
from yiwang.ratings.policy.clocks import (
    CONTACT_LIMIT_WORKDAYS,
    CORRECT_LIMIT_WORKDAYS,
    TaskState,
)
from yiwang.ratings.queries import TaskView
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found


class BadRatings(Page):
    """List of bad ratings, the most urgent first."""

    permission: ClassVar[Permission] = Permission.RATING_READ
    template_name = "officer/ratings/list.html"
    nav = "ratings"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of unfinished or of closed tasks."""
        finished = request.GET.get("tab") == "finished"
        page = ratings.tasks(
            by=self.actor,
            today=self.today,
            calendar=self.calendar,
            finished=finished,
            after=request.GET.get("after"),
        )
        return self.render(
            {
                "finished": finished,
                "page": page,
                "first": not request.GET.get("after"),
                "unfinished": ratings.unfinished_tasks(by=self.actor),
                "names": department_names(),
                "contact_days": CONTACT_LIMIT_WORKDAYS,
                "answer_days": CORRECT_LIMIT_WORKDAYS,
            }
        )


class _OneText(forms.Form):
    """One text; what it is for is said by its label."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class ContactForm(_OneText):
    """What the rater will read first."""

    text = forms.CharField(
        label=_l("给评价人的话"),
        help_text=_l(
            "对方在评价页面看到；请说明已经收到意见、由谁负责、何时答复。不显示对方身份。"
        ),
        max_length=services.MESSAGE_LIMIT_CHARS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _l("请填写给评价人的联系内容。")},
    )


class AnswerForm(_OneText):
    """What everybody may read."""

    text = forms.CharField(
        label=_l("公开答复"),
        help_text=_l("答复随评价公开，请勿写入姓名、电话、证件号码等个人信息。"),
        max_length=services.REPLY_LIMIT_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _l("请填写答复内容，答复将公开。")},
    )


class CloseForm(_OneText):
    """What was put right."""

    text = forms.CharField(
        label=_l("整改措施"),
        help_text=_l("供内部汇总分析，不公开。"),
        max_length=services.REPLY_LIMIT_CHARS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _l("请写明采取的整改措施。")},
    )


NEXT_FORM: Mapping[TaskState, type[_OneText]] = {
    TaskState.OPEN: ContactForm,
    TaskState.CONTACTED: AnswerForm,
    TaskState.ANSWERED: CloseForm,
}
"""What is to be filled in next in each state; a closed task has no form."""


NEXT_WORDS: Mapping[TaskState, tuple[Any, Any]] = {
    TaskState.OPEN: (_l("联系评价人"), _l("送达评价人")),
    TaskState.CONTACTED: (_l("公开答复"), _l("公开答复并送达")),
    TaskState.ANSWERED: (_l("办结"), _l("提交整改并办结")),
}
"""Heading and button of the next act."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One fact with its label."""

    label: Any
    value: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """One act that was done."""

    at: datetime
    title: Any
    text: str
    who: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the handling."""

    name: Any
    state: str
    note: str = ""


class BadRating(FormPage):
    """One bad rating: what was said, what was done, and the next act."""

    permission: ClassVar[Permission] = Permission.RATING_READ
    template_name = "officer/ratings/task.html"
    nav = "ratings"

    @cached_property
    def task(self) -> TaskView:
        """The task of the address."""
        return found(
            lambda: ratings.task(
                number=self.kwargs["number"],
                by=self.actor,
                today=self.today,
                calendar=self.calendar,
            )
        )

    @property
    def state(self) -> TaskState:
        """The state that the form was shown for; the service refuses if it has moved on."""
        sent = self.request.POST.get("state", "")
        return TaskState(sent) if sent in set(TaskState) else self.task.state

    def form(self) -> forms.Form:
        """Return the form of the next act."""
        form_class = NEXT_FORM.get(self.state, forms.Form)
        return form_class(self.request.POST if self.request.method == "POST" else None)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the task, what was done, and what comes next."""
        task = self.task
        department = department_names().get(task.department, task.department)
        heading, button = NEXT_WORDS.get(self.state, ("", ""))
        return super().context(
            task=task,
            facts=_facts(task, department),
            done=_done(task),
            track=_track(task),
            may_answer=self.actor.may(Permission.RATING_ANSWER, department=task.department),
            state=self.state,
            next_words=heading,
            button=button,
            **given,
        )

    def valid(self, form: Any) -> HttpResponse:
        """Contact, answer or close, whichever the form was for."""
        number, text = self.task.number, form.cleaned_data.get("text", "")
        if self.state is TaskState.OPEN:
            services.contact_rater(number=number, message=text, by=self.actor, at=self.at)
            messages.success(self.request, _("已联系评价人，请在整改期限前答复。"))
        elif self.state is TaskState.CONTACTED:
            services.answer_task(number=number, reply=text, by=self.actor, at=self.at)
            messages.success(self.request, _("答复已公开，评价人可以看到。"))
        else:
            services.close_task(number=number, measure=text, by=self.actor, at=self.at)
            messages.success(self.request, _("差评已办结。"))
        return redirect("officer:rating", number=number)


def _facts(task: TaskView, department: str) -> list[Line]:
    return [
        Line(label=_("事项"), value=task.item_name),
        Line(label=_("责任部门"), value=department),
        Line(label=_("评价等级"), value=task.grade.label),
        Line(label=_("评价意见"), value=task.comment or _("未填写")),
        Line(label=_("评价日期"), value=f"{task.opened_on:%Y-%m-%d}"),
    ]


def _done(task: TaskView) -> list[Done]:
    acts = (
        (task.contacted_at, _("已联系评价人"), task.contact_message, task.contacted_by),
        (task.answered_at, _("已公开答复"), task.reply, task.answered_by),
        (task.closed_at, _("已办结"), task.closing_note, task.closed_by),
    )
    names = organisations.names_of(who for _at, _title, _text, who in acts)
    return [
        Done(at=at, title=title, text=text, who=names.get(who, who))
        for at, title, text, who in acts
        if at is not None
    ]


def _track(task: TaskView) -> list[Stage]:
    names = (_("评价"), _("联系"), _("答复"), _("办结"))
    reached = list(TaskState).index(task.state) + 1
    return [
        Stage(
            name=name,
            state="done" if place < reached else "current" if place == reached else "todo",
        )
        for place, name in enumerate(names)
    ]
