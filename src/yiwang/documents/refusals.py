"""The refusal that stands before an uploaded file."""

from yiwang.kernel.errors import RefusedError


class UploadRefusedError(RefusedError):
    """The file cannot be taken in; the message says what to do instead."""

    code = "documents.upload_refused"
