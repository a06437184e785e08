"""Seals: a visible seal with a PAdES signature on a PDF, and checking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yiwang.documents.rendering import SealPlace, render_for_seal


@dataclass(frozen=True, kw_only=True)
class SealCheck:
    """What a check of a sealed PDF found.

    Attributes:
        intact: Not one byte that was sealed has changed, and nothing was added that changes it.
        trusted: The certificate was issued by this installation's authority.
        signer: Name in the certificate; empty where there is no seal.
        signed_at: Moment the signer states.
        covers_whole: The seal covers the file to its last byte.
        message: One Chinese sentence for people.
    """

    intact: bool
    trusted: bool
    signer: str
    signed_at: datetime | None
    covers_whole: bool
    message: str


def seal_pdf(
    pdf: bytes,
    *,
    seal: str,
    reason: str,
    at: datetime,
    owner: str = "",
    place: SealPlace | None = None,
) -> bytes:
    """Put the seal `seal` on `pdf` with a signature over all of it.

    Args:
        pdf: A PDF without a seal.
        seal: Code of the seal: the department's code.
        reason: What the seal is put on for, shown by PDF readers.
        at: Moment of sealing.
        owner: Name of the department on the seal; default: the code.
        place: Where; default: right below on the last page.
    """
    raise NotImplementedError


def render_sealed(
    template: str,
    data: Mapping[str, Any],
    *,
    seal: str,
    owner: str,
    reason: str,
    at: datetime,
) -> bytes:
    """Make a PDF of `data` and put the seal where the template wants it."""
    made = render_for_seal(template, data, at=at)
    return seal_pdf(made.pdf, seal=seal, reason=reason, at=at, owner=owner, place=made.seal_place)


def verify_pdf(pdf: bytes) -> SealCheck:
    """Check the seal on `pdf`; says what it found and raises on nothing."""
    raise NotImplementedError
