"""How allauth keeps the secrets of second factors here."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from yiwang.organisations import secret_box


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps secrets encrypted."""

    def encrypt(self, text: str) -> str:
        """Return `text` as it is stored."""
        return secret_box.lock(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was stored."""
        return secret_box.unlock(encrypted_text)
