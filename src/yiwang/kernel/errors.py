"""Refusals: what the law, the rules or the record forbid."""

from typing import ClassVar


class RefusedError(Exception):
    """The law, the rules or the record say no; a person reads the message.

    Subclasses are defined beside the function that raises them and set a stable `code`.

    Attributes:
        code: Stable machine name, `<package>.<what>`.
        message: One Chinese sentence: what is wrong and what would put it right.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
