"""Bans on applying again, and letters put right (限制再次申请、更正文书)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.bans import BAN_ARTICLE, BAN_MONTHS, BanKind
from yiwang.cases.queries import DocumentView
from yiwang.cases.queries.bans import BanView, ban_of, ban_problem, bans
from yiwang.kernel.paging import row_or_first
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import REASON_LENGTH, TwoStep, VersionForm
from yiwang.web.officer.scope import department_names
from yiwang.web.views import Page


class Bans(Page):
    """Who may not apply for what, until when, and why."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/bans.html"
    nav = "endings"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wanted = row_or_first(request.GET.get("after"))
        rows, following = bans(by=self.actor, after=wanted)
        return self.render(
            {
                "rows": [{"row": row, "holds": row.in_force(self.today)} for row in rows],
                "next": following or "",
                "first": wanted is None,
                "names": department_names(),
                "decides": self.actor.may_somewhere(Permission.CASE_END),
            }
        )


class BanForm(VersionForm):
    """Which of the two cases of the law, and what was found; or why it is lifted."""

    kind = forms.ChoiceField(
        label=_l("情形"),
        choices=[
            (one.value, f"{one.label}（{BAN_MONTHS[one]}个月，{BAN_ARTICLE[one]}）")
            for one in BanKind
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_l("查明的事实，或者解除的理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("申请人会读到。"),
        error_messages={"required": _l("请填写查明的事实或者解除的理由。")},
    )


class DecideBan(TwoStep):
    """Bar an applicant from the same item for a time, or lift that on review."""

    permission: ClassVar[Permission] = Permission.CASE_END
    template_name = "officer/cases/ban.html"
    form_class = BanForm

    @cached_property
    def ban(self) -> BanView | None:
        """The ban that came of the case."""
        return ban_of(self.case.number, by=self.actor)

    def form(self) -> BanForm:
        """Return the form; to lift a ban no kind is chosen."""
        form = BanForm(
            self.request.POST if self.request.method == "POST" else None, initial=self.initial()
        )
        if self.ban is not None:
            del form.fields["kind"]
        else:
            form.fields["kind"].required = True
            form.fields["kind"].error_messages["required"] = _("请选择情形。")
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the ban."""
        problem = "" if self.ban else ban_problem(self.case.number, by=self.actor)
        return super().context(ban=self.ban, problem=problem, **given)

    def confirmation(self, form: BanForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        given = form.cleaned_data
        if self.ban is not None:
            return {
                "title": _("确认解除限制"),
                "object": self.object_words,
                "consequence": _("解除后申请人可以再次申请本事项，并得到通知。"),
                "words": _("解除限制"),
                "lines": [(_("解除的理由"), given["text"])],
                "colour": "accent",
            }
        kind = BanKind(given["kind"])
        return {
            "title": _("确认警告并限制再次申请"),
            "object": self.object_words,
            "consequence": _("申请人自今日起%(months)s个月内不得再次申请本事项，并得到通知。")
            % {"months": BAN_MONTHS[kind]},
            "words": _("警告并限制再次申请"),
            "lines": [
                (_("情形"), kind.label),
                (_("依据"), BAN_ARTICLE[kind]),
                (_("查明的事实"), given["text"]),
            ],
            "colour": "danger",
        }

    def valid(self, form: BanForm) -> HttpResponse:
        """Decide, or lift."""
        given = form.cleaned_data
        common: dict[str, Any] = {"number": self.case.number, "by": self.actor, "at": self.at}
        if self.ban is not None:
            services.lift_ban(reason=given["text"], **common)
            return redirect(done(self, _("限制已解除并告知申请人。")))
        services.impose_ban(kind=BanKind(given["kind"]), facts=given["text"], **common)
        return redirect(done(self, _("已警告并限制再次申请，申请人已得到通知。")))


class FixForm(VersionForm):
    """What is wrong in a letter and what it should read."""

    wrong = forms.CharField(
        label=_l("原文"),
        max_length=200,
        help_text=_l("照文书逐字填写。"),
        error_messages={"required": _l("请填写原文。")},
    )
    right = forms.CharField(
        label=_l("更正为"), max_length=200, error_messages={"required": _l("请填写更正后的文字。")}
    )
    reason = forms.CharField(
        label=_l("更正的理由"),
        max_length=200,
        error_messages={"required": _l("请填写更正的理由。")},
    )


class FixLetter(TwoStep):
    """Put a slip in a letter right by a new letter (更正文书)."""

    permission: ClassVar[Permission] = Permission.CASE_DECIDE
    template_name = "officer/cases/fix_letter.html"
    form_class = FixForm

    @cached_property
    def letter(self) -> DocumentView:
        """The letter of the address."""
        for one in self.file.documents:
            if one.id == self.kwargs["document"] and not one.internal:
                return one
        raise Http404("not a letter of this case")

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the letter."""
        return super().context(letter=self.letter, **given)

    def confirmation(self, form: FixForm) -> Mapping[str, Any]:
        """Show what the new letter says."""
        given = form.cleaned_data
        return {
            "title": _("确认更正"),
            "object": f"{self.letter.title} {self.letter.number}",
            "consequence": _("原文书不变；更正通知书送达申请人，与原文书一并使用。"),
            "words": _("制发更正通知书"),
            "lines": [
                (_("原文"), given["wrong"]),
                (_("更正为"), given["right"]),
                (_("理由"), given["reason"]),
            ],
            "colour": "accent",
        }

    def valid(self, form: FixForm) -> HttpResponse:
        """Issue the new letter."""
        given = form.cleaned_data
        services.fix_document(
            number=self.case.number,
            document_id=self.letter.id,
            wrong=given["wrong"],
            right=given["right"],
            reason=given["reason"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("更正通知书已生成。")))
