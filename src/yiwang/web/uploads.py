"""Taking in a file that came with a form."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile

from yiwang.documents import services as documents
from yiwang.documents.services import UploadView
from yiwang.organisations.permissions import Actor


def take_in(sent: UploadedFile[Any], *, by: Actor, at: datetime) -> UploadView:
    """Hand the file to the documents package, which says what it is and whether it is harmless.

    Raises:
        UploadRefusedError: the message says what is wrong and how to mend it.
    """
    return documents.accept_upload(
        file=cast("BinaryIO", sent),  # Django's wrapper reads like the file it holds
        name=sent.name or "",
        size=sent.size or 0,
        by=by.ref,
        at=at,
    )
