"""What staff are told in the back office, in the words of the packs (工作消息)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.content import queries as content
from yiwang.notices.policy.templates import WorkOccasion, desk_key_of, render

PLAIN_SUBJECT = "{code}"
PLAIN_BODY = "“{item}”（查询码{code}）：{clock}，期限{day}。"
"""Said where a pack has no template: a job that reports must not fail for want of words."""


@dataclass(frozen=True, kw_only=True)
class WorkMessage:
    """Subject and body, filled in."""

    subject: str
    body: str


def work_message(occasion: WorkOccasion, words: Mapping[str, str]) -> WorkMessage:
    """Return a message to staff; its subject names nothing but code, clock and day.

    Args:
        occasion: What it is about.
        words: `code`, `item`, `clock` and `day`.
    """
    subject = content.text(desk_key_of(occasion, subject=True))
    body = content.text(desk_key_of(occasion))
    plain = f"{occasion.label}（{PLAIN_SUBJECT}）"
    return WorkMessage(
        subject=render(subject.text if subject else plain, words).strip(),
        body=render(body.text if body else PLAIN_BODY, words).strip(),
    )
