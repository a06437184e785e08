"""A file handed in, with what a program noticed about it, as far as it has noticed yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from yiwang.cases.policy.prechecks import Finding, Grade, doubts
from yiwang.documents.queries import UploadView

LOOKS_MAX = 75
"""Times that a page asks again for what is being read: five minutes, then one reloads it."""

Noticed = Mapping[tuple[str, str], Sequence[Finding]]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One file of a material."""

    ref: str
    name: str
    size: int
    material: str
    findings: Sequence[Finding]

    @property
    def key(self) -> str:
        """Return what names the file as this material in addresses and on the page."""
        return f"{self.material}-{self.ref.rpartition(':')[2]}"

    @property
    def waiting(self) -> bool:
        """Whether its words are still being read."""
        return waiting(self.findings)

    @property
    def doubts(self) -> Sequence[Finding]:
        """What asks for a look."""
        return doubts(self.findings)


def scan(upload: UploadView, material_id: str, noticed: Noticed) -> Scan:
    """Return `upload` with what was noticed about it as that material."""
    return Scan(
        ref=upload.ref,
        name=upload.name,
        size=upload.size,
        material=material_id,
        findings=noticed.get((upload.ref, material_id), ()),
    )


def waiting(found: Sequence[Finding]) -> bool:
    """Tell whether something about a file is still being read."""
    return any(one.grade is Grade.WAITING for one in found)


def asked_file(request: HttpRequest) -> tuple[str, str] | None:
    """Return the ref of the file and the material about which a page asks again; None: it does not.

    Example:
        `?found=layout-0123…` asks about the file `upload:0123…` as the material `layout`.
    """
    material, dash, digits = request.GET.get("found", "").rpartition("-")
    return (f"upload:{digits}", material) if dash else None


def found_again(request: HttpRequest, file: Scan) -> HttpResponse:
    """Return what was noticed about one file, to take the place of what stands on the page."""
    count = request.GET.get("looks", "")
    looks = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else LOOKS_MAX
    return TemplateResponse(
        request,
        "partials/findings.html",
        {
            "found": file.findings,
            "doubts": file.doubts,
            "waiting": file.waiting,
            "key": file.key,
            "poll": request.path if looks < LOOKS_MAX else "",
            "looks": looks + 1,
        },
    )
