"""A body over the limit is refused by what it declares, unread."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from yiwang.web.body_limit import BodyLimit


class Unreadable:
    """A body that must not be read."""

    def read(self, *_: int) -> bytes:
        raise AssertionError("the body was read")


def answer(declared: str) -> HttpResponse:
    request = RequestFactory().generic("POST", "/apply/")
    request.META["CONTENT_LENGTH"] = declared
    request.META["wsgi.input"] = Unreadable()
    return BodyLimit(lambda _: HttpResponse("through"))(request)


@pytest.mark.parametrize("declared", ["2000000000", "99999999999999999999", "-1", "1e3", "二"])
def test_a_two_gigabyte_body_gets_one_sentence_and_is_not_read(declared):
    response = answer(declared)

    assert response.status_code == 413
    assert "每个文件不超过 20 MB，请压缩或分成几个文件" in response.content.decode()
    assert "已暂存的内容都还在" in response.content.decode()
    assert response["Connection"] == "close"


@pytest.mark.parametrize("declared", ["", "0", "5000", "20000000"])
def test_a_body_within_the_limit_goes_through(declared):
    assert answer(declared).content == b"through"
