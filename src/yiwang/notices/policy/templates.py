"""What a notice may say: occasions, channels, declared words in braces, lengths (通知模板).

A template is a text of the packs under `notices.<channel>.<occasion>`, an e-mail also under
`notices.email.<occasion>.subject`. What staff are told in the back office stands under
`notices.desk.<occasion>` and its subject. A template speaks of no person: a short message is read
on locked screens and a subject by whoever stands beside, so both may name nothing but the query
code.

Source:
    个人信息保护法 第六条 (no more than the purpose needs); YD/T 1039.1 (70 characters of a short
    message, 67 of each part of a longer one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.kernel.terms import Term

PREFIX = "notices"
"""First part of the keys of templates among the texts of the packs."""

SMS_CHARS, SMS_PART_CHARS = 70, 67
"""Characters of a short message on its own, and of each part of a longer one."""

SMS_PARTS_MAX = 2
"""Most parts of a short message. Our own choice: each one is paid for."""

SUBJECT_CHARS = 60
BODY_CHARS = 2_000


class NoticeChannel(Term):
    """How a notice travels (通知方式)."""

    EMAIL = "email", "电子邮件"
    SMS = "sms", "短信"


class Occasion(Term):
    """What a notice is about (通知事由)."""

    RECEIVED = "received", "已收件"
    CORRECTION_ASKED = "correction_asked", "需要补正"
    ACCEPTED = "accepted", "已受理"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    SPECIAL_STARTED = "special_started", "启动特别程序"
    SPECIAL_ENDED = "special_ended", "特别程序结束"
    EXTENDED = "extended", "延长期限"
    DECIDED = "decided", "已作出决定"
    SENT = "sent", "结果已寄送"
    CLOSED = "closed", "已办结"
    ENDED = "ended", "办理终止或者决定失效"
    CORRECTION_DUE = "correction_due", "补正将到期"
    TOLERANCE_DUE = "tolerance_due", "容缺材料将到期"
    LICENCE_EXPIRY = "licence_expiry", "证照将到期"
    APPOINTMENT = "appointment", "预约提醒"
    CONSULTATION_ANSWERED = "consultation_answered", "咨询已答复"
    PERMITS_NEEDED = "permits_needed", "还需办理的许可"
    CONTACT_CODE = "contact_code", "验证联系方式"


class WorkOccasion(Term):
    """What a message to staff is about (工作消息的事由)."""

    CLOCK_MISSED = "clock_missed", "期限超期"
    CLOCK_NEAR = "clock_near", "期限临近"


DESK = "desk"
"""Second part of the keys of messages to staff."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word that a template may hold in braces.

    Attributes:
        meaning: What stands there, for whoever writes templates.
        longest: Most characters it takes.
        open: May stand in a subject and in a short message.
    """

    meaning: str
    longest: int
    open: bool = True


WORDS: Mapping[str, Word] = {
    "code": Word(meaning="查询码", longest=16),
    "day": Word(meaning="日期，如2026年3月9日", longest=11),
    "link": Word(meaning="网址", longest=60),
    "site": Word(meaning="平台名称", longest=16),
    "hotline": Word(meaning="咨询电话", longest=14),
    "clock": Word(meaning="期限名称，如承诺办结", longest=12),
    "item": Word(meaning="事项名称", longest=60, open=False),
    "secret": Word(meaning="六位验证码", longest=6),
}
"""Word in braces -> what it is. A template that holds another one does not load."""

NEEDED: Mapping[Occasion, frozenset[str]] = {Occasion.CONTACT_CODE: frozenset({"secret"})}
"""What the template of an occasion must say in any channel."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_LONG_NUMBER = re.compile(r"\d{11,}")


def key_of(channel: NoticeChannel, occasion: Occasion, *, subject: bool = False) -> str:
    """Return the key of a template among the texts."""
    return f"{PREFIX}.{channel}.{occasion}" + (".subject" if subject else "")


def desk_key_of(occasion: WorkOccasion, *, subject: bool = False) -> str:
    """Return the key of a template of a message to staff."""
    return f"{PREFIX}.{DESK}.{occasion}" + (".subject" if subject else "")


def sms_parts(text: str) -> int:
    """Return as how many messages a text travels."""
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= SMS_CHARS else -(-units // SMS_PART_CHARS)


def render(template: str, words: Mapping[str, str]) -> str:
    """Put the words into a template that passed `problems`; a word that is not given is empty."""
    return _BRACES.sub(lambda found: words.get(found[1], ""), template)


def problems(key: str, text: str) -> list[str]:
    """Return what is wrong with a template, one Chinese sentence each; other texts have none.

    The length of a short message is that with the longest words it may meet.
    """
    parts = key.split(".")
    if parts[0] != PREFIX:
        return []
    if parts[1:2] == [DESK]:
        return _desk_problems(parts[2:], text)
    if len(parts) < 3 or parts[1] not in set(NoticeChannel) or parts[2] not in set(Occasion):
        return [
            "不是通知模板的键，应为 notices.<email、sms 或 desk>.<事由>，邮件标题再加 .subject；"
            f"事由可用：{'、'.join(one.value for one in Occasion)}。"
        ]
    channel, occasion, rest = NoticeChannel(parts[1]), Occasion(parts[2]), parts[3:]
    subject = rest == ["subject"] and channel is NoticeChannel.EMAIL
    if rest and not subject:
        return ["键写长了：只有邮件模板可以再加 .subject。"]
    found = [*_words(text, occasion, closed=subject or channel is NoticeChannel.SMS)]
    if _LONG_NUMBER.search(text):
        found.append("写有11位以上的数字，模板不能含手机号码或者证件号码，请删去。")
    longest = render(text, {name: "字" * word.longest for name, word in WORDS.items()})
    if channel is NoticeChannel.SMS and sms_parts(longest) > SMS_PARTS_MAX:
        found.append(
            f"填入内容后最长{len(longest)}个字，要分{sms_parts(longest)}条短信，"
            f"最多{SMS_PARTS_MAX}条（{SMS_PARTS_MAX * SMS_PART_CHARS}个字），请缩短。"
        )
    if subject and ("\n" in text or len(longest) > SUBJECT_CHARS):
        found.append(f"邮件标题应为一行、填入内容后不超过{SUBJECT_CHARS}个字，请缩短。")
    if not subject:
        missing = NEEDED.get(occasion, frozenset()) - set(_BRACES.findall(text))
        found.extend(f"缺少 {{{name}}}（{WORDS[name].meaning}）。" for name in sorted(missing))
    if len(text) > BODY_CHARS:
        found.append(f"正文最多{BODY_CHARS}个字，请缩短。")
    return found


def _desk_problems(rest: list[str], text: str) -> list[str]:
    """Return what is wrong with a template of a message to staff."""
    subject = rest[1:] == ["subject"]
    if not rest or rest[0] not in set(WorkOccasion) or (rest[1:] and not subject):
        return [
            "不是工作消息模板的键，应为 notices.desk.<事由>，标题再加 .subject；"
            f"事由可用：{'、'.join(one.value for one in WorkOccasion)}。"
        ]
    found = _words(text, WorkOccasion(rest[0]), closed=subject)
    if _LONG_NUMBER.search(text):
        found.append("写有11位以上的数字，模板不能含手机号码或者证件号码，请删去。")
    longest = render(text, {name: "字" * word.longest for name, word in WORDS.items()})
    if subject and ("\n" in text or len(longest) > SUBJECT_CHARS):
        found.append(f"标题应为一行、填入内容后不超过{SUBJECT_CHARS}个字，请缩短。")
    if len(text) > BODY_CHARS:
        found.append(f"正文最多{BODY_CHARS}个字，请缩短。")
    return found


def _words(text: str, occasion: Occasion | WorkOccasion, *, closed: bool) -> list[str]:
    found = []
    for name in dict.fromkeys(_BRACES.findall(text)):
        word = WORDS.get(name)
        if word is None:
            known = "、".join(f"{{{one}}}" for one in WORDS)
            found.append(f"{{{name}}} 不是可用的占位词，可用：{known}。")
        elif name == "secret" and occasion is not Occasion.CONTACT_CODE:
            found.append("{secret} 只能用于“验证联系方式”。")
        elif closed and not word.open:
            found.append(
                f"{{{name}}}（{word.meaning}）不能写进短信和邮件标题，那里除查询码外不写个人事务。"
            )
    if "{" in _BRACES.sub("", text) or "}" in _BRACES.sub("", text):
        found.append("花括号不成对，请写成 {code} 这样的占位词。")
    return found
