"""Rules of passwords, locks and idle ends."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

PASSWORD_MIN_CHARS = 10
PASSWORD_MIN_CLASSES = 3
"""Classes: lower case, upper case, digits, others (GB/T 22239-2019 第8.1.4.1 复杂度)."""

PASSWORD_HISTORY = 5
"""A new password differs from this many before it."""

PASSWORD_MAX_AGE = timedelta(days=90)
"""Staff change their password when it is older (GB/T 22239-2019 第8.1.4.1 定期更换)."""

FAILURES_BEFORE_LOCK = 5
LOCK_TIME = timedelta(minutes=30)
"""After so many failures in a row the account rests (GB/T 22239-2019 第8.1.4.1 登录失败处理)."""

IDLE_END = timedelta(minutes=30)
"""A session without requests ends after this (GB/T 22239-2019 第8.1.4.1 连接超时退出)."""

PROOF_TIME = timedelta(minutes=10)
"""How long signing in anew at a provider stands as a second proof. Our own choice."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of the provider and of this server may differ. Our own choice."""

_CLASSES = (
    frozenset(string.ascii_lowercase),
    frozenset(string.ascii_uppercase),
    frozenset(string.digits),
)


def password_fault(password: str, *, login: str) -> str:
    """Return what is wrong with a new password as a sentence; empty when it will do."""
    kinds = sum(any(char in members for char in password) for members in _CLASSES)
    kinds += any(all(char not in members for members in _CLASSES) for char in password)
    if len(password) < PASSWORD_MIN_CHARS or kinds < PASSWORD_MIN_CLASSES:
        return (
            f"密码应不少于{PASSWORD_MIN_CHARS}个字符，并包含大写字母、小写字母、数字、"
            f"其他符号中的至少{PASSWORD_MIN_CLASSES}类。"
        )
    if login and login.casefold() in password.casefold():
        return "密码不能包含账号，请换一个。"
    return ""


def is_stale(changed_at: datetime | None, *, at: datetime) -> bool:
    """Tell whether a staff password must be changed before anything else."""
    return changed_at is None or at - changed_at >= PASSWORD_MAX_AGE


def signed_in_again(said: object, *, asked_at: datetime, at: datetime) -> datetime | None:
    """Return when somebody proved themselves to a provider anew; None: not since they were asked.

    Args:
        said: The `auth_time` of the identity token, seconds since 1970; anything may come.
        asked_at: When the provider was asked to let them sign in anew.
        at: Moment of its answer.

    Source:
        OpenID Connect Core 1.0, 2 (auth_time) and 3.1.2.1 (prompt, max_age).
    """
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    earliest = max(asked_at - CLOCKS_DIFFER, at - PROOF_TIME)
    if not earliest.timestamp() <= said <= (at + CLOCKS_DIFFER).timestamp():
        return None
    return min(datetime.fromtimestamp(said, UTC), at)
