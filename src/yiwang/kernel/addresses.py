"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

ADDRESS_LENGTH = 45
"""Longest written form of an IPv6 address; the trail keeps no more."""


def client_address(*, remote: str, forwarded: str, behind_proxy: bool) -> str:
    """Return the network address of the client.

    Args:
        remote: Address of whoever is connected: the client, or the proxy.
        forwarded: Header `X-Forwarded-For`; anybody may write it.
        behind_proxy: Our own proxy is in front, so the last entry is what it saw.
    """
    found = forwarded.rsplit(",", 1)[-1].strip() if behind_proxy else ""
    return (found or remote)[:ADDRESS_LENGTH]
