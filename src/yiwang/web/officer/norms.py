"""The register of normative documents for those who keep it (规范性文件)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import norms, services
from yiwang.catalogue.policy.norms import (
    ISSUER_CHARS,
    LEGALITY,
    NOTE_CHARS,
    NUMBER_CHARS,
    REMIND_DAYS,
    TITLE_CHARS,
    NormEntry,
    NormReview,
    problems,
    split_numbers,
    tidy_number,
)
from yiwang.catalogue.services.norms import DOCUMENT_CHARS, REASON_CHARS
from yiwang.organisations.permissions import EVERYWHERE, Permission
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.public.norms import TEXT_LENGTH, shown
from yiwang.web.views import FormPage, Page, found

REPLACES_CHARS = 4_000


class Norms(Page):
    """What wants looking at, then every document of one's departments."""

    permission: ClassVar[Permission] = Permission.NORM_KEEP
    template_name = "officer/norms/list.html"
    nav = "norms"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        held = self.actor.departments(Permission.NORM_KEEP)
        own = None if EVERYWHERE in held else held
        text = request.GET.get("q", "").strip()[:TEXT_LENGTH]
        after = request.GET.get("after", "")
        return self.render(
            {
                "due": norms.due(on=self.today, departments=own) if not (after or text) else None,
                "days": REMIND_DAYS,
                "page": norms.norms_page(on=self.today, text=text, departments=own, after=after),
                "text": text,
                "first": not after,
            }
        )


def day_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _l("请填写日期。"),
            "invalid": _l("日期应为年-月-日，例如 2026-03-09。"),
        },
    )


class NormForm(forms.Form):
    """One document as it was issued."""

    use_required_attribute = False

    number = forms.CharField(
        label=_l("文号"),
        max_length=NUMBER_CHARS,
        help_text=_l("例如 示例府规〔2026〕3号；用其他括号也可以。"),
        error_messages={"required": _l("请填写文号。")},
    )
    title = forms.CharField(
        label=_l("标题"),
        max_length=TITLE_CHARS,
        error_messages={"required": _l("请填写标题。")},
    )
    issuer = forms.CharField(
        label=_l("制定机关"),
        max_length=ISSUER_CHARS,
        error_messages={"required": _l("请填写制定机关。")},
    )
    department = forms.ChoiceField(
        label=_l("管理部门"),
        help_text=_l("到期前后由它处理。"),
        error_messages={"required": _l("请选择管理部门。")},
    )
    issued_on = day_field(_l("印发日期"))
    valid_from = day_field(_l("施行日期"))
    valid_until = day_field(
        _l("有效期至"), required=False, hint=_l("有效的最后一天；文件没有规定的留空。")
    )
    legality = forms.ChoiceField(
        label=_l("合法性审查"),
        choices=[(one.value, one.label) for one in LEGALITY],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择合法性审查的结果。")},
    )
    fair_competition = forms.ChoiceField(
        label=_l("公平竞争审查"),
        choices=[(one.value, one.label) for one in NormReview],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择公平竞争审查的结果。")},
    )
    replaces = forms.CharField(
        label=_l("取代的文件"),
        required=False,
        max_length=REPLACES_CHARS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("一行一个文号；已登记的自本文件施行之日起废止。"),
    )
    source = forms.CharField(
        label=_l("来源"),
        max_length=NOTE_CHARS,
        help_text=_l("从哪里核对的，例如 区政府公报。"),
        error_messages={"required": _l("请填写来源。")},
    )
    note = forms.CharField(label=_l("备注"), required=False, max_length=NOTE_CHARS)

    def clean(self) -> dict[str, Any]:
        """Check each field by the rules of the register, one sentence each."""
        given = super().clean() or {}
        if self.errors:
            return given
        given["entry"] = NormEntry(
            number=tidy_number(given["number"]),
            title=given["title"],
            issuer=given["issuer"],
            issued_on=given["issued_on"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
            department=given["department"],
            legality=NormReview(given["legality"]),
            fair_competition=NormReview(given["fair_competition"]),
            replaces=tuple(split_numbers(given["replaces"])),
            source=given["source"],
            note=given["note"],
        )
        for name, message, remedy in problems(given["entry"]):
            self.add_error(name, f"{self.fields[name].label}{message}{remedy}")
        return given


def with_departments(form: forms.Form, page: Page) -> forms.Form:
    """Return `form` with the departments that whoever opens `page` keeps documents for."""
    field = form.fields["department"]
    assert isinstance(field, forms.ChoiceField)
    units = departments_of(page.actor, Permission.NORM_KEEP, on=page.today)
    field.choices = [(one.code, one.name) for one in units]
    return form


class EnterNorm(FormPage):
    """Enter a document."""

    permission: ClassVar[Permission] = Permission.NORM_KEEP
    template_name = "officer/norms/form.html"
    form_class = NormForm
    nav = "norms"

    def form(self) -> forms.Form:
        """Return the form with the departments one keeps documents for."""
        return with_departments(super().form(), self)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words."""
        return super().context(
            title=_("登记规范性文件"), words=_("登记"), lead="", key=None, **given
        )

    def valid(self, form: NormForm) -> HttpResponse:
        """Enter it."""
        key = services.enter_norm(entry=form.cleaned_data["entry"], by=self.actor, at=self.at)
        messages.success(self.request, _("已登记。"))
        return redirect("officer:norm", key=key)


class OneNorm(Page):
    """What the pages of one document share; another department's is none."""

    permission: ClassVar[Permission] = Permission.NORM_KEEP
    nav = "norms"

    @cached_property
    def norm(self) -> norms.NormView:
        """The document of the address."""
        one = found(lambda: norms.norm(self.kwargs["key"], on=self.today))
        if not self.actor.may(Permission.NORM_KEEP, department=one.department):
            return found(lambda: norms.norm(0, on=self.today))
        return one


class Norm(OneNorm):
    """One document with what was done to it and what can be done."""

    template_name = "officer/norms/norm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        one = self.norm
        return self.render(
            {
                **shown(one, dict(department_names()), on=self.today),
                "steps": norms.steps(one.key),
                "extends": one.valid_until is not None and one.repealed_on is None,
                "repeals": one.repealed_on is None
                and (one.valid_until is None or one.valid_until >= self.today),
            }
        )


class CorrectForm(NormForm):
    """One document as it is printed, and what was wrong with the entry."""

    reason = forms.CharField(
        label=_l("更正的原因"),
        max_length=REASON_CHARS,
        help_text=_l("写明哪里登错，与哪份文本核对，例如 标题漏字，已与区政府公报核对。"),
        error_messages={"required": _l("请填写更正的原因，写明与哪份文本核对。")},
    )


class CorrectNorm(OneNorm, FormPage):
    """Put a mistyped entry right; what was decided about it is extended or repealed instead."""

    template_name = "officer/norms/form.html"
    form_class = CorrectForm

    def initial(self) -> dict[str, Any]:
        """Return the entry as it stands."""
        one = self.norm
        return {
            name: getattr(one, name)
            for name in NormForm.base_fields
            if name not in {"replaces", "legality", "fair_competition"}
        } | {
            "replaces": "\n".join(one.replaces),
            "legality": one.legality.value,
            "fair_competition": one.fair_competition.value,
        }

    def form(self) -> forms.Form:
        """Return the form with the departments one keeps documents for."""
        return with_departments(super().form(), self)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words."""
        one = self.norm
        return super().context(
            title=_("更正登记"),
            words=_("更正"),
            lead=_("只改登错的地方：%(number)s %(title)s。延长、废止不是更正，请用各自的办理。")
            % {"number": one.number, "title": one.title},
            key=one.key,
            at_once=True,
            **given,
        )

    def valid(self, form: CorrectForm) -> HttpResponse:
        """Put it right."""
        given = form.cleaned_data
        services.correct_norm(
            key=self.norm.key,
            entry=given["entry"],
            reason=given["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已更正，公开页面随即更新。"))
        return redirect("officer:norm", key=self.norm.key)


class DecisionForm(forms.Form):
    """The document by which something is decided."""

    use_required_attribute = False

    document = forms.CharField(
        label=_l("依据文号"),
        max_length=DOCUMENT_CHARS,
        error_messages={"required": _l("请填写依据的文号。")},
    )


class ExtendForm(DecisionForm):
    """An extension."""

    decided_on = day_field(_l("决定日期"), hint=_l("应在到期以前作出。"))
    valid_until = day_field(_l("延长到"), hint=_l("有效的最后一天。"))


class RepealForm(DecisionForm):
    """A repeal."""

    repealed_on = day_field(_l("自哪一天起废止"), hint=_l("这一天起不再适用。"))


class ChangeNorm(OneNorm, Confirmed):
    """Extend or repeal: first the decision, then the consequence, then the act."""

    template_name = "officer/norms/form.html"
    confirm_template = "officer/items/confirm.html"
    title: ClassVar[Any] = ""
    words: ClassVar[Any] = ""

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words."""
        one = self.norm
        return super().context(
            title=self.title,
            words=self.words,
            lead=f"{one.number} {one.title}",
            key=one.key,
            **given,
        )

    def done(self) -> HttpResponse:
        """Lead back to the document."""
        messages.success(self.request, _("已办理。"))
        return redirect("officer:norm", key=self.norm.key)


class ExtendNorm(ChangeNorm):
    """Extend the validity of a document."""

    form_class = ExtendForm
    title = _l("延长有效期")
    words = _l("延长")

    def confirmation(self, form: ExtendForm) -> Mapping[str, Any]:
        """Name the document and its new end."""
        given = form.cleaned_data
        return {
            "object": f"{self.norm.number} {self.norm.title}",
            "consequence": _("有效期延长到 %(day)s，公开页面随即更新。")
            % {"day": given["valid_until"].isoformat()},
            "lines": [
                (_("依据文号"), given["document"]),
                (_("决定日期"), given["decided_on"].isoformat()),
            ],
            "colour": "accent",
        }

    def valid(self, form: ExtendForm) -> HttpResponse:
        """Do it."""
        given = form.cleaned_data
        services.extend_norm(
            key=self.norm.key,
            valid_until=given["valid_until"],
            document=given["document"],
            decided_on=given["decided_on"],
            by=self.actor,
            at=self.at,
        )
        return self.done()


class RepealNorm(ChangeNorm):
    """Repeal a document."""

    form_class = RepealForm
    title = _l("废止规范性文件")
    words = _l("废止")

    def confirmation(self, form: RepealForm) -> Mapping[str, Any]:
        """Name the document and what follows."""
        given = form.cleaned_data
        count = len(norms.citing([self.norm], on=self.today)[0])
        return {
            "object": f"{self.norm.number} {self.norm.title}",
            "consequence": _(
                "自 %(day)s 起不再适用，不能恢复。有 %(count)s 个在用事项引用它，请通知编写人修改。"
            )
            % {"day": given["repealed_on"].isoformat(), "count": count},
            "lines": [(_("依据文号"), given["document"])],
            "colour": "danger",
        }

    def valid(self, form: RepealForm) -> HttpResponse:
        """Do it."""
        given = form.cleaned_data
        services.repeal_norm(
            key=self.norm.key,
            repealed_on=given["repealed_on"],
            document=given["document"],
            by=self.actor,
            at=self.at,
        )
        return self.done()
