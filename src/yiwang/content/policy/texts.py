"""Texts for people that differ by place or date (文本)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile

UNVERIFIED = "[from memory]"
"""Mark in a note: nobody has compared the text with its source yet."""

_KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text of one pack.

    Attributes:
        pack: Pack it stands in.
        key: `remedies.review`: small letters, digits, dots.
        text: Chinese.
        text_en: English; empty where there is none.
        source: Where it comes from.
        note: Remark for readers; `[from memory]` marks what is not verified.
        effective_on: Day from which it holds.
    """

    pack: str
    key: str
    text: str
    text_en: str = ""
    source: str
    note: str = ""
    effective_on: date

    def __str__(self) -> str:
        return self.text

    @property
    def unverified(self) -> bool:
        """Whether a reader should be told that the text is not verified (未核实)."""
        return UNVERIFIED in self.note


def parse(file: PackFile) -> tuple[list[Text], list[PackError]]:
    """Return the texts that `file` holds, or what is wrong with them."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    texts: list[Text] = []
    for row in fields.rows("texts"):
        key = row.text("key", longest=80)
        effective_on = row.day("effective_on", required=False) or file.effective_on
        if key and not _KEY.fullmatch(key):
            row.refuse("key", f"为“{key}”。", "请写小写字母、数字和下划线，以点分段。")
        if effective_on is None:
            row.refuse("effective_on", "没有填写。", "请在本条或 pack.yaml 中写明生效日期。")
        else:
            texts.append(
                Text(
                    pack=file.pack,
                    key=key,
                    text=row.text("text"),
                    text_en=row.text("text_en", required=False),
                    source=row.text("source"),
                    note=row.text("note", required=False),
                    effective_on=effective_on,
                )
            )
        row.done()
    fields.done()
    return texts, errors


def check_keys(files: Sequence[PackFile]) -> list[PackError]:
    """Refuse a key that one pack holds twice."""
    errors: list[PackError] = []
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        for index, text in enumerate(parse(file)[0]):
            known = seen.setdefault((file.pack, text.key), f"{file.path} texts[{index}]")
            if known != f"{file.path} texts[{index}]":
                errors.append(
                    file.error(
                        f"texts[{index}].key",
                        f"“{text.key}”已写在 {known}。",
                        "请删去其中一条，或换一个键。",
                    )
                )
    return errors
