"""Questions about cases: one case, its file, the queues of the desks, tracking, messages."""

from __future__ import annotations

from yiwang.cases.queries.counts import OpenOfItem, asked_for, open_by_version, open_of_item
from yiwang.cases.queries.drafts import DraftView, draft, draft_view, drafts_of
from yiwang.cases.queries.files import case, case_page, documents_of, timeline
from yiwang.cases.queries.loads import LoadRow, load_per_person, open_per_person
from yiwang.cases.queries.messages import MessageView, messages_for, unread_messages
from yiwang.cases.queries.own import my_cases, running_cases
from yiwang.cases.queries.paging import PAGE_LIMIT
from yiwang.cases.queries.published import DecisionRow, granted_decisions
from yiwang.cases.queries.queues import COUNTED_MOST, DELIVERABLE, QueuePage, due_cases, queue
from yiwang.cases.queries.reading import (
    CaseNotFoundError,
    QueueRefusedError,
    departments_of,
    may_read,
    may_read_letter,
    staff_may_read,
)
from yiwang.cases.queries.rows import QueueRow
from yiwang.cases.queries.tracking import (
    TrackRefusedError,
    TrackView,
    dialled,
    letters_of_code,
    number_of,
    query_codes,
    track,
)
from yiwang.cases.queries.views import (
    CasePage,
    CaseView,
    CorrectionItemView,
    CorrectionView,
    DeliveryView,
    DocumentView,
    MaterialFile,
    MaterialView,
    OpinionView,
    TimelineRow,
    case_view,
    material_view,
)

__all__ = [
    "COUNTED_MOST",
    "DELIVERABLE",
    "PAGE_LIMIT",
    "CaseNotFoundError",
    "CasePage",
    "CaseView",
    "CorrectionItemView",
    "CorrectionView",
    "DecisionRow",
    "DeliveryView",
    "DocumentView",
    "DraftView",
    "LoadRow",
    "MaterialFile",
    "MaterialView",
    "MessageView",
    "OpenOfItem",
    "OpinionView",
    "QueuePage",
    "QueueRefusedError",
    "QueueRow",
    "TimelineRow",
    "TrackRefusedError",
    "TrackView",
    "asked_for",
    "case",
    "case_page",
    "case_view",
    "departments_of",
    "dialled",
    "documents_of",
    "draft",
    "draft_view",
    "drafts_of",
    "due_cases",
    "granted_decisions",
    "letters_of_code",
    "load_per_person",
    "material_view",
    "may_read",
    "may_read_letter",
    "messages_for",
    "my_cases",
    "number_of",
    "open_by_version",
    "open_of_item",
    "open_per_person",
    "query_codes",
    "queue",
    "running_cases",
    "staff_may_read",
    "timeline",
    "track",
    "unread_messages",
]
