"""Finding whoever stands at a window, or entering them in the register (综合窗口收件)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases.queries import finding
from yiwang.consultations import queries as consultations
from yiwang.licences import queries as licences
from yiwang.licences import services as licence_services
from yiwang.organisations.permissions import Permission
from yiwang.registers import queries as registers
from yiwang.registers import services as register_services
from yiwang.web.counter.queue import WINDOW_KEY
from yiwang.web.views import FormPage

NUMBER_LENGTH = 18
"""Characters of a citizen number and of a unified social credit code."""


FIND_PURPOSE = "窗口收件核对申请人身份"


REVEAL_PURPOSE = "窗口收件与申请人核对登记信息"


_LICENCE_CODE = re.compile(r"/v/([0-9A-Za-z]{8,60})$", re.IGNORECASE)
"""What a scanner types for the QR code of an e-licence: the address of its verification."""


_CASE_CODE = re.compile(r"[A-Z]{2}\d{6}[0-9A-Z]{2,6}|[0-9A-Z]{24,45}|.+〔\d{4}〕\d+号")
"""What stands on papers that the applicant brings back: query code, case number, letter number."""


AGENT_NAME = "agent-name"


AGENT_NUMBER = "agent-number"


CONTACT_PHONE = "contact-phone"
"""Controls of this page beside the questions of the item, whose names hold no hyphen."""


class FindForm(forms.Form):
    """One field for whatever the person at the window gives: card, code or name."""

    use_required_attribute = False

    words = forms.CharField(
        label=_l("身份证号、统一社会信用代码或单位名称；回来办理的，办件编号、查询码或文号"),
        max_length=200,
        help_text=_l(
            "可以扫描身份证、营业执照、收件凭证，或者申请人手机上电子证照的二维码。"
            "个人请输入完整的18位号码。"
        ),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        error_messages={"required": _l("请输入身份证号、统一社会信用代码或者单位名称。")},
    )
    window = forms.CharField(label=_l("本窗口"), max_length=20, required=False)


def _leave_focus(form: FindForm) -> None:
    """Let the next key go to what was found, not into the box that found it."""
    form.fields["words"].widget.attrs.pop("autofocus", None)


class Intake(FormPage):
    """Find whoever stands at the window (查找申请人)."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/intake.html"
    nav = "counter"
    form_class = FindForm

    def initial(self) -> dict[str, Any]:
        """Return the label of the window, kept since it was typed once."""
        return {"window": self.request.session.get(WINDOW_KEY, "")}

    def context(self, **given: Any) -> dict[str, Any]:
        """Count the answers that somebody at this window waits for."""
        return super().context(to_be_told=consultations.to_be_told(by=self.actor), **given)

    def valid(self, form: FindForm) -> HttpResponse:
        """Go on with the one that was found, or show those to choose from."""
        words = "".join(form.cleaned_data["words"].split())
        self.request.session[WINDOW_KEY] = form.cleaned_data["window"]
        if scanned := _LICENCE_CODE.search(words):
            return self._by_licence(scanned.group(1), form)
        if len(words) == NUMBER_LENGTH and words.isascii():
            return self._by_number(words.upper(), form)
        if _CASE_CODE.fullmatch(words.upper()):
            return self._by_case(words, form)
        page = registers.search_entities(words)
        if len(page.rows) == 1:
            return redirect("counter:items", ref=page.rows[0].ref)
        if not page.rows:
            form.add_error("words", _("没有找到这个单位，请改用统一社会信用代码查找。"))
            return self.invalid(form)
        _leave_focus(form)
        return self.render({"form": form, "entities": page.rows, "more": bool(page.after)})

    def _by_case(self, words: str, form: FindForm) -> HttpResponse:
        """Go on with the case that somebody came back for, if this window sees it."""
        hits = finding.by_number(words, by=self.actor)
        if not hits:
            form.add_error(
                "words",
                _("没有找到您的窗口可以办理的这个编号，请按收件凭证核对，或者用申请人的证件查找。"),
            )
            return self.invalid(form)
        return redirect("counter:case", number=hits[0].case_number)

    def _by_licence(self, token: str, form: FindForm) -> HttpResponse:
        """Find the holder of the e-licence whose code was scanned; the holder sees the look."""
        answer = licence_services.verify_token(token, at=self.at, ip=self.actor.ip)
        if not answer.valid:
            form.add_error("words", answer.message)
            return self.invalid(form)
        return redirect("counter:items", ref=licences.by_token(token).holder_ref)

    def _by_number(self, number: str, form: FindForm) -> HttpResponse:
        entity = registers.find_entity(uscc=number)
        if entity is not None:
            return redirect("counter:items", ref=entity.ref)
        if number[: NUMBER_LENGTH - 1].isdigit() and not number.startswith("9"):
            person = registers.find_person(
                id_number=number, by=self.actor, at=self.at, purpose=FIND_PURPOSE
            )
            if person is not None:
                return redirect("counter:items", ref=person.ref)
            entry = RegisterForm(initial={"id_number": number})
            entry.fields["name"].widget.attrs["autofocus"] = True
            _leave_focus(form)
            return self.render({"form": form, "register_form": entry})
        form.add_error("words", _("没有找到这个代码的单位，请核对营业执照上的18位代码。"))
        return self.invalid(form)


class RegisterForm(forms.Form):
    """A person whom no register knows yet, from the card on the desk."""

    use_required_attribute = False

    id_number = forms.CharField(
        label=_l("公民身份号码"),
        max_length=NUMBER_LENGTH,
        error_messages={"required": _l("请填写身份证上的18位号码。")},
    )
    name = forms.CharField(
        label=_l("姓名"), max_length=60, error_messages={"required": _l("请填写姓名。")}
    )
    address = forms.CharField(label=_l("住址"), max_length=200, required=False)
    phone = forms.CharField(
        label=_l("手机号码"),
        max_length=11,
        required=False,
        help_text=_l("没有手机可以不填，结果到窗口领取或者邮寄。"),
    )


class Register(FormPage):
    """Enter a person from the identity card; birth date and gender are read from the number."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/register.html"
    nav = "counter"
    form_class = RegisterForm

    def valid(self, form: RegisterForm) -> HttpResponse:
        """Enter the person and go on to the items; whoever is registered already is only found."""
        known = registers.find_person(
            id_number=form.cleaned_data["id_number"],
            by=self.actor,
            at=self.at,
            purpose=FIND_PURPOSE,
        )
        if known is not None:
            return redirect("counter:items", ref=known.ref)
        person = register_services.save_person(
            **form.cleaned_data, source="窗口核验居民身份证", by=self.actor, at=self.at
        )
        return redirect("counter:items", ref=person.ref)
