"""The receipt that the applicant takes home, on paper too (收件凭证)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from yiwang.cases.policy.terms import DocumentKind
from yiwang.cases.queries.assisting import assistance_of
from yiwang.organisations.permissions import Permission
from yiwang.web.counter.queue import ticket_in_hand
from yiwang.web.officer import casefile
from yiwang.web.officer.cases import CasePages

SIGNED = frozenset(
    {
        DocumentKind.COMMITMENT_LETTER,
        DocumentKind.TOLERANCE_COMMITMENT,
        DocumentKind.CERTIFICATE_COMMITMENT,
        DocumentKind.PERMITS_TOLD,
    }
)
"""What the applicant signed at the window; a copy is theirs to take home."""


class Receipt(CasePages):
    """What was received, what follows, by when; to be printed in normal or large letters."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/receipt.html"
    nav = "counter"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the receipt."""
        letter = next(
            (one for one in self.file.documents if one.kind is DocumentKind.RECEIPT), None
        )
        return self.render(
            {
                "letter": letter,
                "by_letter": casefile.by_letter(self.case),
                "told_by_post": next(
                    (one for one in self.file.documents if one.kind is DocumentKind.PERMITS_TOLD),
                    None,
                ),
                "signed": [one for one in self.file.documents if one.kind in SIGNED],
                "materials": casefile.materials(self.file, self.item, by=self.actor),
                "assistance": assistance_of(self.case.number),
                "ticket": ticket_in_hand(request),
                "large_print": request.GET.get("print") == "large",
                "accepted": next(
                    (
                        one
                        for one in self.file.documents
                        if one.kind is DocumentKind.ACCEPTANCE_NOTICE and self.case.town_mode
                    ),
                    None,
                ),
                "acceptor": self.units.get(self.case.acceptor, self.case.acceptor),
                "collect": self.units.get(self.case.collect_at, self.case.collect_at),
                "unit": self.units.get(self.case.department_code, self.case.department_code),
            }
        )
