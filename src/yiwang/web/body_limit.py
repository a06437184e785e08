"""Requests that are too large are answered before their body is read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.web.middleware import CONTENT_SECURITY_POLICY

FILES_AT_ONCE = 3
"""How many of the largest files one form may carry; a page of materials sends one at a time."""

TOO_LARGE = 413


class BodyLimit:
    """Refuse a body over the limit by its declared length, without reading it.

    A body without a declared length is read as empty, as WSGI lays down.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 413 with one plain sentence, or go on."""
        declared = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.MAX_UPLOAD_BYTES * FILES_AT_ONCE
        if declared.isdecimal() and int(declared) <= limit:
            return self.get_response(request)
        megabytes = settings.MAX_UPLOAD_BYTES // 1_000_000
        sentence = _(
            "文件太大，没有上传：每个文件不超过 %(megabytes)s MB，请压缩或分成几个文件后重新上传；"
            "已暂存的内容都还在，按浏览器的返回键即可回到填写页。"
        ) % {"megabytes": megabytes}
        response = render(request, "errors/large.html", {"message": sentence}, status=TOO_LARGE)
        response["Connection"] = "close"
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response["X-Frame-Options"] = "DENY"
        return response
