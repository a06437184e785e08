"""What a request says about where it comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from yiwang.kernel.addresses import client_address


def address_of(request: HttpRequest) -> str:
    """Return the network address of the client; behind the TLS proxy the one it saw last."""
    return client_address(
        remote=str(request.META.get("REMOTE_ADDR", "")),
        forwarded=request.headers.get("X-Forwarded-For", ""),
        behind_proxy=settings.HTTPS,
    )


def way_back(request: HttpRequest) -> str:
    """Return the page of ours that a switch was used on, else the home page."""
    wish = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wish
    return "/"
