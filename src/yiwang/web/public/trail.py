"""The newest signed checkpoint of the trail, for anybody to keep (操作日志检查点)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from yiwang.audit import queries as audit
from yiwang.web.views import Page


class Checkpoint(Page):
    """A signed note in the form of C2SP tlog-checkpoint.

    It holds no act and no name, only the size and the root of the tree. Whoever keeps one can
    show later whether the trail was rebuilt: `yiwang trail verify --help`.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the note as text; 404 while nothing is sealed."""
        checkpoint = audit.latest_checkpoint()
        if checkpoint is None:
            raise Http404("no checkpoint")
        return HttpResponse(checkpoint.note, content_type="text/plain; charset=utf-8")
