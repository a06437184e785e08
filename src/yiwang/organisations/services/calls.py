"""Calls that create something, done once however often they arrive (幂等)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from yiwang.kernel.errors import RefusedError
from yiwang.organisations.models import NamedCall
from yiwang.organisations.permissions import Actor

KEPT = timedelta(days=2)


class KeyReusedError(RefusedError):
    """The key was used for something else."""

    code = "api.key_reused"


@transaction.atomic
def once(
    *, key: str, call: str, content: bytes, act: Callable[[], str], by: Actor, at: datetime
) -> str:
    """Do `act` unless the same call was made under `key` before; return what it made.

    Two calls at once wait for each other.

    Args:
        key: The caller's name for this call.
        call: Which call it is.
        content: What was sent; another content under the same key is refused.
        act: Creates something and returns how to find it again.
        by: Whose key it is.
        at: Moment of the call.

    Raises:
        KeyReusedError: the key was used for another call or another content.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"call:{by.ref}:{key}"]
        )
    value = call.encode() + b"\n" + content
    fingerprint = salted_hmac("yiwang.calls", value, algorithm="sha256").hexdigest()
    known = NamedCall.objects.filter(user_ref=by.ref, key=key, at__gt=at - KEPT).first()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise KeyReusedError("这个幂等键已用于另一次内容不同的请求，请换一个键重发。")
        return known.made
    NamedCall.objects.filter(user_ref=by.ref, at__lte=at - KEPT).delete()
    made = act()
    NamedCall.objects.create(user_ref=by.ref, key=key, fingerprint=fingerprint, made=made, at=at)
    return made
