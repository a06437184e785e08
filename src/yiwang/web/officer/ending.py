"""Ending what was granted: proposals, views heard at a window, decisions (撤销、撤回、注销)."""

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
from yiwang.cases.policy.ending import (
    CONSEQUENCE,
    GROUNDS,
    STATEMENT_LIMIT_WORKDAYS,
    EndKind,
    NotEnded,
    reasons_against,
)
from yiwang.cases.policy.ending import grounds as grounds_of
from yiwang.cases.policy.states import Step
from yiwang.cases.queries.ending import EndView, end_proposal, open_end_proposals
from yiwang.kernel.paging import row_or_first
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Permission
from yiwang.web.officer import casefile
from yiwang.web.officer.cases import CasePages, done
from yiwang.web.officer.handling import REASON_LENGTH, Act, TwoStep, VersionForm
from yiwang.web.officer.scope import department_names
from yiwang.web.remedies import remedy_words
from yiwang.web.views import Page

ENDED = "ended"
"""The choice that ends the licence; the others say why nothing is ended."""


class Endings(Page):
    """Proposals that wait for a decision, oldest first."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/endings.html"
    nav = "endings"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wanted = row_or_first(request.GET.get("after"))
        rows, following = open_end_proposals(by=self.actor, after=wanted)
        return self.render(
            {
                "rows": [{"row": row, "waits": row.waits_for_views(self.today)} for row in rows],
                "next": following or "",
                "first": wanted is None,
                "names": department_names(),
                "decides": self.actor.may_somewhere(Permission.CASE_END),
            }
        )


class _EndPages(CasePages):
    """What the pages about one proposal share."""

    nav = "endings"

    @cached_property
    def proposal(self) -> EndView | None:
        """The newest proposal about the case."""
        return end_proposal(self.case.number, by=self.actor)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the proposal and the licence that is held now."""
        identifier = self.case.licence_identifier
        return super().context(
            proposal=self.proposal,
            held=licences.newest_version(identifier) if identifier else None,
            **given,
        )


class ShowEnd(_EndPages):
    """The newest proposal about a case, for everybody who may read the case."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/cases/show_end.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        if self.proposal is None:
            raise Http404("no proposal")
        steps = self.file.steps
        return self.render(
            {
                "may_decide_end": self.proposal.outcome is None and Step.DECLINE_END in steps,
                "may_write_views": self.proposal.waits_for_views(self.today)
                and Step.STATE_VIEWS in steps,
                "entries": casefile.timeline(self.file, self.units),
                "letters": casefile.letters(self.file),
            }
        )


def _choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    grounds = [
        (kind.label, [(one.code, f"{one.text}（{one.article}）") for one in grounds_of(kind)])
        for kind in EndKind
    ]
    return [("", _("请选择")), *grounds]


class ProposeEndForm(VersionForm):
    """On which ground of the law, what was found, what proves it."""

    ground = forms.ChoiceField(
        label=_l("法定事由"),
        choices=_choices,
        help_text=_l("撤销、撤回、注销只能依法定事由提出；欺骗、贿赂取得的应当撤销。"),
        error_messages={"required": _l("请选择法定事由。")},
    )
    facts = forms.CharField(
        label=_l("查明的事实"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("写明时间、经过和结论；被许可人会读到。"),
        error_messages={"required": _l("请填写查明的事实。")},
    )
    evidence = forms.CharField(
        label=_l("证据"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("逐项列出名称和文号；被许可人会读到。"),
        error_messages={"required": _l("请列出证据。")},
    )
    compensation = forms.CharField(
        label=_l("补偿安排"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_l("仅撤回时填写：对财产损失如何补偿。"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the compensation where the law grants it."""
        cleaned = super().clean() or {}
        ground = GROUNDS.get(cleaned.get("ground", ""))
        if ground is not None and ground.kind is EndKind.RETRACT and not cleaned["compensation"]:
            self.add_error("compensation", _("撤回许可的，请填写补偿安排。"))
        return cleaned


class ProposeEnd(_EndPages, TwoStep):
    """Propose to revoke, retract or deregister; another person decides."""

    permission: ClassVar[Permission] = Permission.CASE_END_PROPOSE
    template_name = "officer/cases/propose_end.html"
    form_class = ProposeEndForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether a proposal can be made now."""
        open_already = self.proposal is not None and self.proposal.outcome is None
        return super().context(
            can_propose_end=Step.PROPOSE_END in self.file.steps
            and not open_already
            and self.case.outcome == "grant",
            open_already=open_already,
            **given,
        )

    def confirmation(self, form: ProposeEndForm) -> Mapping[str, Any]:
        """Show what the holder will be told."""
        given = form.cleaned_data
        ground = GROUNDS[given["ground"]]
        lines = [
            (_("法定事由"), f"{ground.text}（{ground.article}）"),
            (_("查明的事实"), given["facts"]),
            (_("证据"), given["evidence"]),
        ]
        if given["compensation"] and ground.kind is EndKind.RETRACT:
            lines.append((_("补偿安排"), given["compensation"]))
        heard = ground.kind is not EndKind.DEREGISTER
        return {
            "title": _("确认提出%(act)s") % {"act": ground.kind.label},
            "object": self.object_words,
            "consequence": _("事实和证据将送达被许可人，其可以在 %(days)s 个工作日内陈述和申辩；")
            % {"days": STATEMENT_LIMIT_WORKDAYS}
            + _("之后由另一名审批人员决定。决定前许可继续有效。")
            if heard
            else _("由另一名审批人员决定。决定前许可的登记不变。"),
            "words": _("提出并告知被许可人") if heard else _("提出"),
            "lines": lines,
            "colour": "danger",
        }

    def valid(self, form: ProposeEndForm) -> HttpResponse:
        """Propose."""
        given = form.cleaned_data
        services.propose_end(
            number=self.case.number,
            ground=given["ground"],
            facts=given["facts"],
            evidence=given["evidence"],
            compensation=given["compensation"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("已提出，等待另一名审批人员决定。")))


class ViewsForm(VersionForm):
    """What the holder says."""

    text = forms.CharField(
        label=_l("陈述和申辩的内容"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_l("照被许可人所说如实记录，并读给其听。"),
        error_messages={"required": _l("请填写陈述和申辩的内容。")},
    )


class WriteViews(_EndPages, Act):
    """Write down at a window what the holder says (陈述申辩)."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "officer/cases/views.html"
    form_class = ViewsForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether anything waits for views."""
        return super().context(
            waits=self.proposal is not None and self.proposal.waits_for_views(self.today), **given
        )

    def valid(self, form: ViewsForm) -> HttpResponse:
        """Keep them."""
        services.state_views(
            number=self.case.number,
            text=form.cleaned_data["text"],
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("陈述和申辩已记录。")))


class DecideEndForm(VersionForm):
    """End it, or say why not."""

    outcome = forms.ChoiceField(
        label=_l("决定"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择决定。")},
    )
    reason = forms.CharField(
        label=_l("理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("写进决定书；对被许可人的意见采纳与否写明原因。"),
        error_messages={"required": _l("请填写理由。")},
    )
    public_interest = forms.CharField(
        label=_l("公共利益衡量"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_l("撤销时必须填写：撤销是否可能对公共利益造成重大损害。"),
    )

    def __init__(self, *args: Any, proposal: EndView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = proposal
        choice = self.fields["outcome"]
        assert isinstance(choice, forms.ChoiceField)
        if proposal is not None:
            choice.choices = [
                (ENDED, proposal.kind.label),
                *(
                    (one.value, f"不{proposal.kind.label}：{one.label}")
                    for one in reasons_against(proposal.ground)
                ),
            ]
            if proposal.kind is not EndKind.REVOKE:
                del self.fields["public_interest"]

    def clean(self) -> dict[str, Any]:
        """Ask for the weighing where the law does."""
        cleaned = super().clean() or {}
        if (
            cleaned.get("outcome") == ENDED
            and "public_interest" in self.fields
            and not cleaned.get("public_interest")
        ):
            self.add_error("public_interest", _("请写明撤销是否可能对公共利益造成重大损害。"))
        return cleaned


class DecideEnd(_EndPages, TwoStep):
    """Decide on a proposal; never by the person who made it."""

    permission: ClassVar[Permission] = Permission.CASE_END
    template_name = "officer/cases/decide_end.html"
    form_class = DecideEndForm

    def form(self) -> DecideEndForm:
        """Return the form with the choices that the ground leaves."""
        sent = self.request.POST if self.request.method == "POST" else None
        return DecideEndForm(sent, initial=self.initial(), proposal=self.proposal)

    def form_again(self) -> DecideEndForm:
        """Return the form with what was typed."""
        names = DecideEndForm.base_fields
        initial = {name: self.request.POST[name] for name in self.request.POST if name in names}
        return DecideEndForm(initial=initial, proposal=self.proposal)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what stands in the way of a decision here."""
        proposal = self.proposal
        waiting = proposal is not None and proposal.outcome is None
        return super().context(
            can_decide_end=waiting and Step.DECLINE_END in self.file.steps,
            same_person=waiting and proposal is not None and proposal.proposed_by == self.actor.ref,
            waits=proposal is not None and proposal.waits_for_views(self.today),
            letters=casefile.letters(self.file),
            **given,
        )

    def confirmation(self, form: DecideEndForm) -> Mapping[str, Any]:
        """Show ground, facts, reason and what follows."""
        proposal = self.proposal
        if proposal is None:
            raise Http404("no proposal")
        given, kind = form.cleaned_data, proposal.kind
        ends = given["outcome"] == ENDED
        lines = [
            (_("法定事由"), f"{proposal.ground.text}（{proposal.ground.article}）"),
            (_("查明的事实"), proposal.facts),
            (_("被许可人的意见"), proposal.statement or _("未提出")),
            (_("理由"), given["reason"]),
        ]
        if given.get("public_interest"):
            lines.append((_("公共利益衡量"), given["public_interest"]))
        if ends:
            lines.append((_("救济途径"), remedy_words(self.item)))
        return {
            "title": _("确认%(act)s") % {"act": kind.label if ends else f"不{kind.label}"},
            "object": self.object_words,
            "consequence": _("%(effect)s证照状态同时变更，监管部门随即得知；不能撤回。")
            % {"effect": CONSEQUENCE[kind]}
            if ends
            else _("许可继续有效，并告知被许可人；以后发现新的事实可以重新提出。"),
            "words": kind.label + _("并送达决定书") if ends else _("不%s") % kind.label,
            "lines": lines,
            "colour": "danger" if ends else "accent",
        }

    def valid(self, form: DecideEndForm) -> HttpResponse:
        """Decide."""
        given = form.cleaned_data
        ends = given["outcome"] == ENDED
        services.decide_end(
            number=self.case.number,
            reason=given["reason"],
            public_interest=given.get("public_interest", ""),
            not_ended=None if ends else NotEnded(given["outcome"]),
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        words = _("决定书已生成并告知被许可人。") if ends else _("已决定不予终结，许可继续有效。")
        return redirect(done(self, words))
