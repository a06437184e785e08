"""Files that are handed in with an application."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.queries.prechecks import findings_of
from yiwang.kernel.errors import RefusedError
from yiwang.web.citizen.drafting import DraftPage
from yiwang.web.scans import asked_file, found_again, scan
from yiwang.web.uploads import take_in
from yiwang.web.views import UNPROCESSABLE

ACCEPTED_FILES = "image/*,application/pdf"


class UploadForm(forms.Form):
    """One file for one material."""

    use_required_attribute = False

    material = forms.CharField(max_length=60, widget=forms.HiddenInput)
    file = forms.FileField(
        label=_l("文件"),
        error_messages={
            "required": _l("请先选择文件，再点上传。"),
            "empty": _l("文件是空的，请重新选择。"),
        },
    )


class Materials(DraftPage):
    """Materials: what need not be filed and why; the rest is uploaded (上传材料)."""

    template_name = "citizen/materials.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show every material and how it stands, or what was noticed about one file since."""
        asked_about = asked_file(request)
        if asked_about is None:
            return self._page()
        ref, material = asked_about
        noticed = findings_of([ref])
        for one in self.materials:
            for file in one.files:
                if (file.ref, one.line.id) == (ref, material):
                    return found_again(request, scan(file, material, noticed))
        raise Http404("no such file of this draft")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take in one file, or say at that material what is wrong with it."""
        material = request.POST.get("material", "")
        form = UploadForm(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._page(
                material,
                " ".join(str(one) for one in form.errors.get("file", ()))
                or _("请在材料清单中选择材料，再上传文件。"),
            )
        sent = form.cleaned_data["file"]
        try:
            taken = take_in(sent, by=self.actor, at=self.at)
            services.attach(
                draft_id=self.draft.id,
                material_id=material,
                upload_ref=taken.ref,
                by=self.actor,
                at=self.at,
            )
        except RefusedError as refusal:
            return self._page(material, refusal.message)
        wanted = next((one for one in self.item.materials if one.id == material), None)
        if wanted is not None:
            services.precheck_upload(
                upload_ref=taken.ref,
                material=wanted,
                applicant_ref=self.draft.applicant_ref,
                by=self.actor,
                at=self.at,
            )
        messages.success(request, _("“%(name)s”已上传。") % {"name": taken.name})
        return redirect(f"{request.path}#material-{material}")

    def _page(self, material: str = "", error: str = "") -> HttpResponse:
        noticed = findings_of([file.ref for one in self.materials for file in one.files])
        return self.render(
            {
                "materials": [
                    (one, [scan(file, one.line.id, noticed) for file in one.files])
                    for one in self.materials
                ],
                "missing": [one for one in self.materials if not one.done],
                "wrong_material": material,
                "error": error,
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
            },
            status=UNPROCESSABLE if error else 200,
        )


class RemoveFile(DraftPage):
    """Take an uploaded file away again; it can be uploaded anew."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Detach the file and return to the materials."""
        services.detach(
            draft_id=self.draft.id,
            upload_ref=request.POST.get("file", ""),
            by=self.actor,
            at=self.at,
        )
        messages.success(request, _("文件已移除。"))
        return redirect("citizen:materials", draft=self.draft.id)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A reloaded removal shows the materials."""
        return redirect("citizen:materials", draft=self.draft.id)
