"""What a correction may ask for: nothing that offices provide, and no paper twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases
from yiwang.cases import services
from yiwang.cases.models import Correction
from yiwang.cases.policy.correcting import asks_for_paper, standings
from yiwang.cases.policy.terms import DocumentKind, FileStanding, PaperForm

pytestmark = pytest.mark.usefixtures("district")

PAPER = "看不清，请提交纸质原件"


def ask(number: str, material: str, what: str = PAPER, **changes: Any) -> Any:
    line = services.CorrectionLine(
        material_id=material, what=what, why="受理标准：看得清", **changes
    )
    return services.ask_correction(number=number, lines=[line], by=cases.CLERK, at=cases.FRIDAY)


def online() -> str:
    draft = cases.draft()
    services.attach(
        draft_id=draft.id,
        material_id="layout",
        upload_ref=cases.upload(),
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    return cases.submit(draft.id, tolerance_signed=True).number


@pytest.mark.parametrize(
    "words",
    [
        "请提交纸质原件",
        "请带原件到窗口核对",
        "请邮寄原件",
        "提供营业执照复印件",
        "复印件2份",
        "看不清，请交纸质图",
    ],
)
def test_words_that_ask_for_paper(words: str):
    assert asks_for_paper(words)


@pytest.mark.parametrize(
    "words",
    [
        "原件扫描件不清晰",
        "复印件未注明与原件一致",
        "与原件不一致",
        "不要求纸质，请重新上传",
        "请上传纸质件的照片",
        "提供营业执照复印件的扫描件",
        "未提交",
        "",
    ],
)
def test_words_that_do_not(words: str):
    assert not asks_for_paper(words)


@pytest.mark.parametrize(
    ("material", "source"), [("application", "系统自动生成"), ("representative", "")]
)
def test_what_offices_provide_is_not_asked_for_again(material: str, source: str):
    number = cases.receive().number

    with pytest.raises(services.CorrectionRefusedError, match="不由申请人提交") as refused:
        ask(number, material, "未签字")

    assert source in refused.value.message
    assert not Correction.objects.exists()
    ask(number, "", "申请书上的门牌不完整")
    assert Correction.objects.count() == 1


@pytest.mark.parametrize("changes", [{}, {"what": "看不清", "example": "交复印件2份"}])
def test_an_application_of_the_portal_is_not_corrected_on_paper(changes: dict[str, str]):
    number = online()

    with pytest.raises(services.CorrectionRefusedError, match="“平面图”以电子文件提交"):
        ask(number, "layout", **changes)
    assert not Correction.objects.exists()
    ask(number, "layout", "看不清，请重新上传扫描件")


def test_at_a_window_what_was_handed_in_as_a_file_is_not_asked_for_on_paper():
    number = cases.receive(uploads={"layout": [cases.upload("user:clerk")]}).number

    with pytest.raises(services.CorrectionRefusedError, match="不得再要求纸质材料"):
        ask(number, "layout")

    ask(number, "layout", "看不清")
    notice = cases.page(number).documents[-1]
    assert notice.kind is DocumentKind.CORRECTION_NOTICE
    assert "提交形式：原件1份，或者电子文件。" in str(notice.body)


@pytest.mark.parametrize("paper", [{}, {"layout": PaperForm.COPY}])
def test_at_a_window_paper_is_asked_for_where_paper_came_or_nothing(paper: dict[str, PaperForm]):
    number = cases.receive(paper=paper).number

    ask(number, "layout")

    assert "提交形式：原件1份。" in str(cases.page(number).documents[-1].body)


FILED, NEW, OLD = FileStanding.AS_FILED, FileStanding.CORRECTED, FileStanding.REPLACED


@pytest.mark.parametrize(
    ("refs", "corrected", "on_paper", "found"),
    [
        ("", "", False, ()),
        ("a", "", False, (FILED,)),
        ("a", "", True, (OLD,)),
        ("an", "n", False, (OLD, NEW)),
        ("abnm", "nm", False, (OLD, OLD, NEW, NEW)),
        ("ana", "na", False, (NEW, NEW, NEW)),
        ("nl", "n", False, (NEW, FILED)),
        ("a", "n", False, (FILED,)),
    ],
)
def test_a_correction_replaces_what_came_before_it_and_nothing_else(
    refs: str, corrected: str, on_paper: bool, found: tuple[FileStanding, ...]
):
    assert standings([*refs], corrected={*corrected}, on_paper=on_paper) == found
