"""A file handed in, with what a program noticed about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.cases.policy.prechecks import Finding, doubts
from yiwang.documents.queries import UploadView

Noticed = Mapping[tuple[str, str], Sequence[Finding]]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One file of a material."""

    ref: str
    name: str
    size: int
    findings: Sequence[Finding]

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
        findings=noticed.get((upload.ref, material_id), ()),
    )
