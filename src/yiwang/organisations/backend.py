"""Who stands behind a session."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend

from yiwang.organisations.models import User

BACKEND = "yiwang.organisations.backend.SessionBackend"


class SessionBackend(BaseBackend):
    """Finds the account of an open session; signing in goes through the services only.

    A closed account has no session any more, from its next request on.
    """

    def get_user(self, user_id: int) -> User | None:
        """Return the account, unless it was closed or belongs to a demonstration that ended."""
        user = User.objects.filter(pk=user_id).first()
        return user if user is not None and user.may_sign_in else None
