"""Messages to applicants and to those who work here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models import Message
from yiwang.cases.queries.paging import PAGE_LIMIT, page_size


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """One message to an applicant, or to one who works here."""

    id: int
    case_number: str
    title: str
    body: str
    at: datetime
    read_at: datetime | None


def messages_for(
    ref: str, *, after: int | None = None, limit: int = PAGE_LIMIT
) -> list[MessageView]:
    """List messages to `ref`, newest first; one query."""
    rows = Message.objects.filter(to_ref=ref).select_related("case")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [
        MessageView(
            id=row.id,
            case_number=row.case.number if row.case else "",
            title=row.title,
            body=row.body,
            at=row.at,
            read_at=row.read_at,
        )
        for row in rows.order_by("-id")[: page_size(limit)]
    ]


def unread_messages(ref: str) -> int:
    """Return how many messages `ref` has not read; one query."""
    return Message.objects.filter(to_ref=ref, read_at=None).count()
