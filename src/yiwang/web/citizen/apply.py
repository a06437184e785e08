"""Applying: the begin, the task list, and one page per topic (网上申请)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import (
    Answer,
    Channel,
    ItemVersion,
    Question,
    Section,
    commitment_open,
)
from yiwang.kernel.errors import RefusedError
from yiwang.web import forms as web_forms
from yiwang.web.citizen import guides
from yiwang.web.citizen.drafting import DraftPage, Task
from yiwang.web.citizen.items import given_answers, plain
from yiwang.web.citizen.known import fixed, known_answers, prefill, subject_name
from yiwang.web.views import APPLICANT, UNPROCESSABLE, Page, found


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
        held = known_answers(self.item, answers, prefill(ref))
        draft = services.save_draft(
            draft_id=None,
            item_slug=self.item.slug,
            applicant_ref=ref,
            answers=answers | held,
            by=self.actor,
            at=self.at,
        )
        return redirect("citizen:draft", draft=draft.id)


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
