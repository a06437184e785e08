"""The product's password hash at the lowest cost, so that tests do not spend their time on it."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with the smallest parameters."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
