"""Acts on notices: planning, sending, the applicant's choices, and what a person decides."""

from yiwang.notices.services.choosing import (
    ContactRefusedError,
    ask_code,
    confirm_contact,
    remove_contact,
    save_choice,
)
from yiwang.notices.services.planning import ReadSoFar, Wanted, mark, move_mark, plan
from yiwang.notices.services.sending import (
    NoticeRefusedError,
    drop_notice,
    send_again,
    send_due,
)
from yiwang.notices.services.working import WorkMessage, work_message

__all__ = [
    "ContactRefusedError",
    "NoticeRefusedError",
    "ReadSoFar",
    "Wanted",
    "WorkMessage",
    "ask_code",
    "confirm_contact",
    "drop_notice",
    "mark",
    "move_mark",
    "plan",
    "remove_contact",
    "save_choice",
    "send_again",
    "send_due",
    "work_message",
]
