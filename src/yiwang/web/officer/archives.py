"""Archive packages: list, one case, downloads, holds and destruction by two (档案)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.archives import queries, services
from yiwang.archives.queries import CaseArchive
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

TABS = {"transfer", "over"}


class Archives(Page):
    """The packages of one's departments, newest first, or those of a tab."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_READ
    template_name = "officer/archives/list.html"
    nav = "archives"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        tab = request.GET.get("tab", "")
        text = request.GET.get("text", "")[:60]
        page = queries.packages(
            by=self.actor,
            today=self.today,
            over_only=tab == "over",
            transfer_only=tab == "transfer",
            text=text,
            after=request.GET.get("after"),
        )
        return self.render(
            {
                "rows": page.rows,
                "next_after": page.after or "",
                "first": not request.GET.get("after"),
                "tab": tab if tab in TABS else "",
                "text": text,
                "names": department_names(),
            }
        )


class _OfCase(FormPage):
    """A page about the archive of one case."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_READ
    nav = "archives"

    @property
    def archive(self) -> CaseArchive:
        """Return what is archived of the case."""
        return queries.archive_of(self.kwargs["number"], by=self.actor)

    def extent(self, package_id: int) -> str:
        """Say what goes with that package."""
        archive = self.archive
        if archive.takes_uploads(package_id) and archive.uploads:
            return _(
                "归档包文件和当事人上传的 %(n)s 份文件将被删除，不能恢复；"
                "与其他办件相同的文件为其他办件保留。"
            ) % {"n": archive.uploads}
        if archive.uploads:
            return _("只删除这个归档包文件；本办件还有其他归档包在保管，上传的文件保留。")
        return _("归档包文件将被删除，不能恢复。")

    def done(self, words: str) -> HttpResponse:
        """Say what was done and go back to the case."""
        messages.success(self.request, words)
        return redirect("officer:archive", self.kwargs["number"])


class CaseArchivePage(_OfCase):
    """Packages, holds and destruction of one case."""

    http_method_names = ("get", "head", "options")
    template_name = "officer/archives/case.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        archive = self.archive
        department = archive.packages[0].department_code
        refs = {one.placed_by for one in archive.holds}
        refs |= {one.lift_proposed_by for one in archive.holds}
        refs |= {one.proposed_by for one in archive.destructions}
        refs |= {one.decided_by for one in archive.destructions}
        newest = archive.packages[0]
        return self.render(
            {
                "archive": archive,
                "newest": newest,
                "over": newest.over(self.today),
                "open": next((one for one in archive.destructions if one.agreed is None), None),
                "names": organisations.names_of(refs - {""}),
                "units": department_names(),
                "readable": self.actor.may(Permission.CASE_READ, department=department),
                "may_keep": self.actor.may(Permission.ARCHIVE_KEEP, department=department),
                "may_approve": self.actor.may(Permission.ARCHIVE_APPROVE, department=department),
            }
        )


class DownloadPackage(Page):
    """Save a package; that it was read is on the trail (下载归档包)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_READ
    nav = "archives"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the file, never to be shown in the browser."""
        view, data = services.read_package(
            package_id=self.kwargs["package"], by=self.actor, at=self.at
        )
        response = HttpResponse(data, content_type="application/zip")
        name = quote(view.file_name)
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        response["Cache-Control"] = "no-store"
        return response


class ReasonForm(forms.Form):
    """Why."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("理由"),
        help_text=_l("写明依据，例如诉讼、审计的文号。将记入操作日志。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _l("请写明理由。")},
    )


class PlaceHold(_OfCase):
    """Forbid destroying what belongs to a case (禁止销毁)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_KEEP
    template_name = "officer/archives/reason.html"
    form_class = ReasonForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the act."""
        return super().context(
            title=_("禁止销毁"), package=self.archive.packages[0], words=_("禁止销毁"), **given
        )

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Place the hold."""
        services.place_hold(
            case_number=self.kwargs["number"],
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        return self.done(_("已禁止销毁，解除须由两人办理。"))


class ProposeLift(_OfCase):
    """Propose to lift a hold (提出解除)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_KEEP
    template_name = "officer/archives/reason.html"
    form_class = ReasonForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the act."""
        return super().context(
            title=_("提出解除禁止销毁"),
            package=self.archive.packages[0],
            words=_("提出解除"),
            **given,
        )

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Propose it; another person decides."""
        services.propose_lift(
            hold_id=self.kwargs["hold"],
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        return self.done(_("已提出解除，等待本部门负责人批准。"))


class LiftHold(_OfCase):
    """Lift a hold that another person proposed to lift (批准解除)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_APPROVE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back."""
        return redirect("officer:archive", self.kwargs["number"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lift it."""
        services.lift_hold(hold_id=self.kwargs["hold"], by=self.actor, at=self.at)
        return self.done(_("已解除禁止销毁。"))


class ProposeDestruction(_OfCase):
    """Propose to destroy a package whose time is over (提出销毁)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_KEEP
    template_name = "officer/archives/reason.html"
    form_class = ReasonForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the act."""
        return super().context(
            title=_("提出销毁归档包"),
            package=self.archive.packages[0],
            words=_("提出销毁"),
            extent=self.extent(self.kwargs["package"]),
            **given,
        )

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Propose it; another person decides."""
        services.propose_destruction(
            package_id=self.kwargs["package"],
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        return self.done(_("已提出销毁，等待本部门负责人审批。"))


class DecisionForm(forms.Form):
    """Agree or not."""

    use_required_attribute = False

    agreed = forms.ChoiceField(
        label=_l("审批意见"),
        choices=[("yes", _l("同意销毁")), ("no", _l("不同意，继续保管"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择审批意见。")},
    )


class DecideDestruction(_OfCase, Confirmed):
    """Agree to a destruction that another person proposed, or not (批准销毁)."""

    permission: ClassVar[Permission] = Permission.ARCHIVE_APPROVE
    template_name = "officer/archives/decide.html"
    form_class = DecisionForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Show what was proposed, and why."""
        archive = self.archive
        refs = {one.proposed_by for one in archive.destructions}
        return super().context(
            package=archive.packages[0],
            proposal=next(
                (one for one in archive.destructions if one.id == self.kwargs["destruction"]), None
            ),
            names=organisations.names_of(refs),
            extent=self.extent(self.package_id()),
            **given,
        )

    def package_id(self) -> int:
        """Return the package that is proposed to be destroyed.

        Raises:
            Http404: there is no such proposal on this case.
        """
        for one in self.archive.destructions:
            if one.id == self.kwargs["destruction"]:
                return one.package_id
        raise Http404("no such proposal")

    def confirmation(self, form: DecisionForm) -> Mapping[str, Any]:
        """Name the package and what becomes of it."""
        agreed = form.cleaned_data["agreed"] == "yes"
        package = self.archive.packages[0]
        return {
            "title": _("确认审批意见"),
            "object": f"{package.item_name} {package.query_code}",
            "consequence": self.extent(self.package_id()) + _("办理记录和销毁证明保留。")
            if agreed
            else _("归档包继续保管，可以另行提出销毁。"),
            "words": _("同意销毁") if agreed else _("不同意销毁"),
        }

    def valid(self, form: DecisionForm) -> HttpResponse:
        """Decide."""
        agreed = form.cleaned_data["agreed"] == "yes"
        services.decide_destruction(
            destruction_id=self.kwargs["destruction"], agreed=agreed, by=self.actor, at=self.at
        )
        return self.done(_("已销毁，销毁证明见下。") if agreed else _("已记录，继续保管。"))
