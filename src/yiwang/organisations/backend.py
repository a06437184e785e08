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
        """Return the account, unless it was closed."""
        return User.objects.filter(pk=user_id, is_active=True).first()
