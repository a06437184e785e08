"""The English catalogue, compiled before the first page is opened in English."""

from __future__ import annotations

import pytest

from yiwang.web.i18n import compile_messages


@pytest.fixture(scope="session", autouse=True)
def _english() -> None:
    compile_messages()
