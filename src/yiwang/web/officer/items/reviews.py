"""One draft from writing to publication: checks, comparison, preview, approvals (事项审核)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import drafts, services
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.drafts import DraftStepView
from yiwang.catalogue.policy.checks import MARKUP, SLUG
from yiwang.catalogue.policy.drafting import DraftState, DraftStep
from yiwang.catalogue.policy.editing import blank_item
from yiwang.catalogue.policy.items import ItemType, ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError, to_plain
from yiwang.catalogue.policy.writing import as_yaml
from yiwang.catalogue.services import DraftRefusedError
from yiwang.catalogue.services.publishing import DOCUMENT_CHARS
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.citizen.items import guide_context
from yiwang.web.officer.items import showing
from yiwang.web.officer.items.editor import OneDraft
from yiwang.web.officer.items.forms import REVISION_MAX
from yiwang.web.officer.items.pages import TURN_WORDS, Entry, OneItem
from yiwang.web.officer.items.words import TOPICS
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.views import FormPage, found

COMMENT_LENGTH = 1_000

TRACK: tuple[tuple[DraftState, Any], ...] = (
    (DraftState.WRITING, _l("编写")),
    (DraftState.DEPARTMENT, _l("部门审核")),
    (DraftState.LEGAL, _l("法制审核")),
    (DraftState.CENTRE, _l("中心审核")),
    (DraftState.PUBLISHED, _l("发布")),
)
"""The steps from writing to publication."""

APPROVE_WORDS: Mapping[DraftState, Any] = {
    DraftState.DEPARTMENT: _l("部门审核通过"),
    DraftState.LEGAL: _l("法制审核通过"),
    DraftState.CENTRE: _l("审核通过并发布"),
}
"""State -> what the button of its approval says."""


@dataclass(frozen=True, kw_only=True)
class TrackStep:
    """One step of the track."""

    name: object
    state: str
    note: str


class DraftPage(OneDraft):
    """One draft: where it stands, what is still wrong, what the reader can do."""

    template_name = "officer/drafts/draft.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        line = self.draft.line
        problems = drafts.problems(self.version) if self.draft.is_open else []
        faults = showing.faults(self.version, problems, draft=line.id)
        counts = {group.topic.key: len(group.rows) for group in faults}
        names = organisations.names_of(step.by for step in self.draft.steps)
        old = self.based_on()
        changed = showing.changes(old, self.version, names={}) if old is not None else None
        approve = APPROVE_WORDS.get(line.state)
        return self.render(
            {
                "track": _track(self.draft.line.state, self.draft.approvals(), names),
                "topics": [(one, counts.get(one.key, 0)) for one in TOPICS],
                "faults": faults,
                "fault_count": len(problems),
                "changed": len(changed) if changed is not None else None,
                "turn": TURN_WORDS.get(line.state, ""),
                "entries": [
                    Entry(
                        at=step.at,
                        title=_(step.step.label),
                        who=step.by_name or names.get(step.by, step.by),
                        text=step.comment or _("第 %(n)s 次修订") % {"n": step.revision},
                    )
                    for step in _joined(self.draft.steps)
                ],
                "approve_words": approve,
                "may_approve": approve is not None and self.may(drafts.TURNS[line.state]),
            }
        )


def _track(
    state: DraftState, approvals: list[DraftStepView], names: Mapping[str, str]
) -> list[TrackStep]:
    order = [one for one, _name in TRACK]
    if state is DraftState.PUBLISHED:
        place = len(order)
    else:
        place = order.index(state) if state in order else 0
    who = {
        DraftState.DEPARTMENT: DraftStep.APPROVE_DEPARTMENT,
        DraftState.LEGAL: DraftStep.APPROVE_LEGAL,
        DraftState.CENTRE: DraftStep.PUBLISH,
    }
    given = {step.step: step.by_name or names.get(step.by, step.by) for step in approvals}
    return [
        TrackStep(
            name=name,
            state="done" if index < place else "current" if index == place else "todo",
            note=given.get(who[one], "") if one in who else "",
        )
        for index, (one, name) in enumerate(TRACK)
    ]


def _joined(steps: tuple[DraftStepView, ...]) -> list[DraftStepView]:
    """Return the steps, newest first, of several savings in a row by one person only the last."""
    kept: list[DraftStepView] = []
    for step in steps:
        before = kept[-1] if kept else None
        if before and before.step is step.step is DraftStep.SAVE and before.by == step.by:
            kept.pop()
        kept.append(step)
    return kept[::-1]


class DraftChanges(OneDraft):
    """What the draft changes, field by field, old and new side by side."""

    template_name = "officer/drafts/changes.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; of a new item everything is new."""
        old = self.based_on()
        names = department_names()
        line = self.draft.line
        changes = showing.changes(old, self.version, names=names) if old is not None else []
        return self.render(
            {
                "title": _("修改对照"),
                "lead": line.name,
                "old_words": _("第 %(n)s 版") % {"n": line.based_on},
                "new_words": _("草稿（第 %(n)s 次修订）") % {"n": line.revision},
                "changes": changes,
                "is_new": old is None,
                "back": reverse("officer:draft", args=[line.id]),
            }
        )


class VersionChanges(OneItem):
    """What one version changed against the one before it."""

    template_name = "officer/drafts/changes.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; the first version has none before it."""
        slug, number = self.kwargs["slug"], self.kwargs["version"]
        new = found(lambda: catalogue.item_version(slug, number))
        earlier = [one.version for one in self.item.versions if one.version < number]
        old = catalogue.item_version(slug, earlier[0]) if earlier else None
        names = department_names()
        return self.render(
            {
                "title": _("修改对照"),
                "lead": new.name,
                "old_words": _("第 %(n)s 版") % {"n": earlier[0]} if earlier else "",
                "new_words": _("第 %(n)s 版") % {"n": number},
                "changes": showing.changes(old, new, names=names) if old is not None else [],
                "is_new": old is None,
                "back": reverse("officer:item", args=[slug]),
            }
        )


class DraftPreview(OneDraft):
    """The guide as citizens will see it, with a banner that says it is a draft."""

    template_name = "officer/drafts/preview.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        return self.render(
            guide_context(self.version)
            | {
                "banner": _("草稿预览，不是公布的办事指南；发布前不得作为办理依据。"),
                "back": reverse("officer:draft", args=[self.draft.line.id]),
                "rules": reverse("officer:read_draft_rules", args=[self.draft.line.id]),
            }
        )


class VersionPreview(OneItem):
    """The guide of one version, past or coming, as citizens saw or will see it."""

    template_name = "officer/drafts/preview.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        slug, number = self.kwargs["slug"], self.kwargs["version"]
        version = found(lambda: catalogue.item_version(slug, number))
        return self.render(
            guide_context(version)
            | {
                "banner": _("第 %(n)s 版的办事指南，供核对；公布的以在用版本为准。")
                % {"n": number},
                "back": reverse("officer:item", args=[slug]),
                "rules": reverse("officer:version_rules", args=[slug, number]),
            }
        )


class ExportItem(OneItem):
    """The newest version as the file of a pack."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it."""
        newest = self.item.newest
        if newest is None:
            return redirect("officer:item", slug=self.kwargs["slug"])
        version = catalogue.item_version(self.kwargs["slug"], newest.version)
        answer = HttpResponse(as_yaml(to_plain(version)), content_type="text/yaml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{version.slug}.yaml"'
        return answer


class ActForm(forms.Form):
    """An act on a draft: hands back the revision that the page showed."""

    use_required_attribute = False

    revision = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        max_value=REVISION_MAX,
        error_messages={
            "required": _l("页面不完整，请刷新后再办。"),
            "invalid": _l("页面不完整，请刷新后再办。"),
        },
    )


class ApproveForm(ActForm):
    """An approval with an opinion."""

    comment = forms.CharField(
        label=_l("审核意见"),
        required=False,
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _l("意见不超过 1000 个字，请缩短。")},
    )


class ReturnForm(ActForm):
    """A return with its reason."""

    comment = forms.CharField(
        label=_l("退回的理由和修改要求"),
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _l("请写明退回的理由和需要怎样修改，编写人据此修改。"),
            "max_length": _l("意见不超过 1000 个字，请缩短。"),
        },
    )


class DraftAct(OneDraft, FormPage):
    """One act on a draft; the page shows the text it stands on."""

    template_name = "officer/drafts/act.html"
    form_class = ActForm
    title: Any = ""
    words: Any = ""
    colour = "accent"
    done_words: Any = ""
    consequence: Any = ""

    def initial(self) -> dict[str, Any]:
        """Return the revision that is shown."""
        return {"revision": self.draft.line.revision}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what changes and what still fails."""
        line = self.draft.line
        old = self.based_on()
        problems = drafts.problems(self.version) if self.draft.is_open else []
        return super().context(
            title=self.title,
            words=self.words,
            colour=self.colour,
            consequence=self.consequence,
            faults=showing.faults(self.version, problems, draft=line.id),
            fault_count=len(problems),
            changes=showing.changes(old, self.version, names=department_names())
            if old is not None
            else [],
            is_new=old is None,
            old_words=_("第 %(n)s 版") % {"n": line.based_on},
            new_words=_("草稿（第 %(n)s 次修订）") % {"n": line.revision},
            back=reverse("officer:draft", args=[line.id]),
            **given,
        )

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page with what was typed; the form then stands for the text as it is now."""
        self.__dict__.pop("draft", None)
        self.__dict__.pop("version", None)
        data = self.request.POST.copy()
        data["revision"] = str(self.draft.line.revision)
        form.data = data
        return super().invalid(form)

    def act(self, form: Any) -> None:
        """Call the service."""
        raise NotImplementedError

    def valid(self, form: Any) -> HttpResponse:
        """Act and return to the draft."""
        self.act(form)
        messages.success(self.request, self.done_words)
        return redirect("officer:draft", number=self.draft.line.id)


class Submit(DraftAct):
    """Hand the draft to the head of the department."""

    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    title = _l("送审")
    words = _l("送部门审核")
    consequence = _l("送审后不能再修改，直到审核人退回。")
    done_words = _l("已送部门负责人审核。")

    def act(self, form: Any) -> None:
        """Submit it."""
        services.submit_draft(
            draft=self.draft.line.id,
            revision=form.cleaned_data["revision"],
            by=self.actor,
            at=self.at,
        )


class Approve(DraftAct):
    """Give the approval that the draft waits for; the centre's publishes."""

    form_class = ApproveForm
    title = _l("审核事项草稿")

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what the button says, and what follows."""
        state = self.draft.line.state
        waiting = state in APPROVE_WORDS
        if state is DraftState.CENTRE:
            day = self.version.effective_on
            start = max(day, self.today)
            consequence = _(
                "发布后自 %(day)s 起，办事指南、申请表和期限按新版本；已经收下的办件按原版本办完。"
            ) % {"day": start.isoformat()}
        else:
            consequence = _("通过后转下一环节审核，由另一名有权限的人办理。")
        return super().context(approving=waiting and self.may(drafts.TURNS[state]), **given) | {
            "words": APPROVE_WORDS.get(state, ""),
            "consequence": consequence if waiting else "",
        }

    def act(self, form: Any) -> None:
        """Approve it."""
        published = services.approve_draft(
            draft=self.draft.line.id,
            revision=form.cleaned_data["revision"],
            comment=form.cleaned_data["comment"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        self.done_words = (
            _("已通过，转下一环节。")
            if published is None
            else _("已发布第 %(n)s 版，自 %(day)s 起生效。")
            % {"n": published.version, "day": published.effective_on.isoformat()}
        )


class Return(DraftAct):
    """Give the draft back to its writers with the reason."""

    form_class = ReturnForm
    title = _l("退回修改")
    words = _l("退回编写人")
    colour = "danger"
    consequence = _l("退回后由编写人修改，再次送审时各环节重新审核。")
    done_words = _l("已退回编写人。")

    def act(self, form: Any) -> None:
        """Return it."""
        services.return_draft(
            draft=self.draft.line.id,
            comment=form.cleaned_data["comment"],
            by=self.actor,
            at=self.at,
        )


class Discard(DraftAct):
    """Second step of giving a draft up."""

    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    title = _l("作废草稿")
    words = _l("作废这份草稿")
    colour = "danger"
    consequence = _l("作废后不能再编写或送审，内容留档；在用的版本不受影响。")
    done_words = _l("草稿已作废。")

    def act(self, form: Any) -> None:
        """Discard it."""
        services.discard_draft(draft=self.draft.line.id, by=self.actor, at=self.at)


class DocumentForm(ActForm):
    """The decision that the draft carries out."""

    document = forms.CharField(
        label=_l("调整决定文号"),
        required=False,
        max_length=DOCUMENT_CHARS,
        help_text=_l("按决定调整事项的，填写文号；一般修改留空。"),
        error_messages={"max_length": _l("文号过长，请只填写文号。")},
    )


class DraftDocument(DraftAct):
    """Write down, or take away, the decision that the draft carries out."""

    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    template_name = "officer/drafts/document.html"
    form_class = DocumentForm
    title = _l("调整决定文号")
    words = _l("保存文号")
    done_words = _l("文号已保存。")

    def initial(self) -> dict[str, Any]:
        """Return the number as it is."""
        return super().initial() | {"document": self.draft.line.document}

    def act(self, form: Any) -> None:
        """Keep it."""
        services.save_draft(
            draft=self.draft.line.id,
            definition=self.draft.definition,
            revision=form.cleaned_data["revision"],
            document=form.cleaned_data["document"],
            by=self.actor,
            at=self.at,
        )


class NewItemForm(forms.Form):
    """What must be known before an item can be written."""

    use_required_attribute = False

    name = forms.CharField(
        label=_l("事项名称"),
        max_length=200,
        error_messages={
            "required": _l("请填写事项名称。"),
            "max_length": _l("名称不超过 200 个字，请缩短。"),
        },
    )
    slug = forms.CharField(
        label=_l("标识"),
        max_length=80,
        help_text=_l("网址中的名字，小写英文字母、数字和连字符，建立后不能改，如 food-business。"),
        error_messages={
            "required": _l("请填写标识。"),
            "max_length": _l("标识不超过 80 个字符，请缩短。"),
        },
    )
    item_type = forms.ChoiceField(
        label=_l("事项类型"),
        choices=[("", _l("请选择")), *((one.value, _l(one.label)) for one in ItemType)],
        error_messages={
            "required": _l("请选择事项类型。"),
            "invalid_choice": _l("请从所列类型中选择。"),
        },
    )
    department = forms.ChoiceField(
        label=_l("实施部门"),
        error_messages={
            "required": _l("请选择实施部门。"),
            "invalid_choice": _l("请从您任职的部门中选择。"),
        },
    )

    def __init__(self, *args: Any, departments: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = departments if len(departments) == 1 else [("", _("请选择")), *departments]

    def clean_name(self) -> str:
        """Refuse what a browser could take for code."""
        name = str(self.cleaned_data["name"])
        if MARKUP.search(name):
            raise forms.ValidationError(_("名称像是网页代码，请只写文字，去掉尖括号里的标签。"))
        return name

    def clean_slug(self) -> str:
        """Check the form of the slug."""
        slug = str(self.cleaned_data["slug"])
        if not SLUG.fullmatch(slug):
            raise forms.ValidationError(_("标识只能用小写英文字母、数字和连字符，以字母开头。"))
        return slug


class NewItem(FormPage):
    """Begin an item that has no version yet."""

    permission: ClassVar[Permission] = Permission.ITEM_EDIT
    template_name = "officer/drafts/new.html"
    nav = "items"

    def form(self) -> NewItemForm:
        """Return the form with the departments of the writer."""
        units = departments_of(self.actor, Permission.ITEM_EDIT, on=self.today)
        sent = self.request.POST if self.request.method == "POST" else None
        return NewItemForm(sent, departments=[(unit.code, unit.name) for unit in units])

    def valid(self, form: NewItemForm) -> HttpResponse:
        """Begin it."""
        given = form.cleaned_data
        version: ItemVersion = blank_item(
            slug=given["slug"],
            name=given["name"],
            item_type=ItemType(given["item_type"]),
            department=given["department"],
            on=self.today,
        )
        try:
            number = services.begin_item(version=version, by=self.actor, at=self.at)
        except ItemFormatError as error:
            raise DraftRefusedError(str(error)) from error
        messages.success(self.request, _("已建立草稿，请逐项填写。"))
        return redirect("officer:draft", number=number)
