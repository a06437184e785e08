"""Who had which part in a case: nobody reviews and decides the same one."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from yiwang.cases.models import SentBack
from yiwang.organisations.permissions import Actor


def proposed_before(by: Actor) -> Exists:
    """Whether a proposal of `by` was sent back; the one that stands is `reviewed_by`."""
    return Exists(SentBack.objects.filter(case=OuterRef("pk"), opinion__by=by.ref))


def sent_back_by(by: Actor) -> Exists:
    """Whether `by` sent a proposal on the case back."""
    return Exists(SentBack.objects.filter(case=OuterRef("pk"), by=by.ref))
