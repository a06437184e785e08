"""One's own e-licences (电子证照)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from yiwang.audit import services as audit
from yiwang.documents.codes import qr_image
from yiwang.licences import queries as licences
from yiwang.licences import services
from yiwang.licences.policy.states import LicenceState
from yiwang.licences.queries import LicenceView
from yiwang.web.downloads import pdf
from yiwang.web.views import APPLICANT, Page


class Licences(Page):
    """All licences of the applicant and of those they act for."""

    permission = APPLICANT
    template_name = "citizen/licences.html"
    nav = "licences"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them, newest first."""
        held = [
            {
                "licence": one,
                "state": one.state_on(self.today),
                "valid": one.state_on(self.today) is LicenceState.VALID,
            }
            for ref in sorted(self.actor.subjects)
            for one in licences.wallet(ref)
        ]
        return self.render({"held": held})


class OwnLicence(Page):
    """What the pages of one licence share."""

    permission = APPLICANT
    nav = "licences"

    @cached_property
    def licence(self) -> LicenceView:
        """The licence; not found for anybody but its holder."""
        try:
            view = licences.licence(self.kwargs["identifier"])
        except LookupError as missing:
            raise Http404(str(missing)) from missing
        if not self.actor.acts_for(view.holder_ref):
            raise Http404("no such licence")
        return view


class Licence(OwnLicence):
    """One licence, its code to show, and who checked it (亮证)."""

    template_name = "citizen/licence.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it with its QR code."""
        one = self.licence
        state = one.state_on(self.today)
        return self.render(
            {
                "licence": one,
                "state": state,
                "valid": state is LicenceState.VALID,
                "qr": qr_image(one.url),
                "checks": licences.checks(one.identifier, limit=20),
                "rows": [
                    {"label": _("持证主体"), "value": one.holder_name},
                    {"label": _("证件号码"), "value": one.holder_number_masked},
                    {"label": _("证照编号"), "value": one.number},
                    {"label": _("颁发机关"), "value": one.issuer_name},
                    *({"label": label, "value": value} for label, value in one.fields),
                ],
            }
        )


class LicenceFile(OwnLicence):
    """The sealed PDF of one licence."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it; it is made now if the worker has not made it yet."""
        one = self.licence
        services.ensure_file(one.identifier, at=self.at)
        content = licences.open_file(one.identifier)
        with transaction.atomic():
            audit.record(
                at=self.at,
                actor=self.actor.ref,
                act="licences.download",
                target=one.ref,
                ip=self.actor.ip,
            )
        return pdf(content, name=f"{one.type_name}-{one.number}.pdf")
