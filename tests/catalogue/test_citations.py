"""Of a typed basis only laws that are known and numbers of articles come out."""

from __future__ import annotations

import pytest

from yiwang.catalogue import queries
from yiwang.catalogue.models import Law
from yiwang.catalogue.policy.citations import MOST_CITED, citations, cited_titles

KNOWN = {"行政许可法", "食品安全法"}


@pytest.mark.parametrize(
    ("typed", "cited"),
    [
        ("《中华人民共和国行政许可法》第三十八条第二款", ["《行政许可法》第三十八条第二款"]),
        ("《行政许可法》第38条第2款第（1）项", ["《行政许可法》第三十八条第二款第一项"]),
        ("《食品安全法（2021修正）》第110条之一", ["《食品安全法》第一百一十条之一"]),
        (
            "依据行政许可法第十二条、第103条",
            ["《行政许可法》第十二条", "《行政许可法》第一百零三条"],
        ),
        ("第三十三条", ["第三十三条"]),
        ("《食品安全法》《行政许可法》第20条", ["《食品安全法》", "《行政许可法》第二十条"]),
        ("《食品安全法》第一条，《食品安全法》第1条", ["《食品安全法》第一条"]),
        ("《王示范租赁合同》第三条", ["其他文件第三条"]),
        ("《王示范的保证书》", ["其他文件"]),
        ("申请人王示范310114199001011234，电话13800001234", []),
        ("《行政许可法》第三十八条，申请人王示范", ["《行政许可法》第三十八条"]),
        ("", []),
    ],
)
def test_articles_come_out_in_one_spelling_and_nothing_else(typed, cited):
    assert citations(typed, known=KNOWN) == tuple(cited)


def test_a_long_list_is_cut():
    assert len(citations("".join(f"第{n}条" for n in range(1, 99)), known=KNOWN)) == MOST_CITED


def test_titles_of_the_corpus_are_known_with_and_without_the_country(db):
    Law.objects.create(name="中华人民共和国公证法", version="2017-09-01", category="法律")
    Law.objects.create(name="殡葬管理条例", version="2012-11-09", category="行政法规")
    titles = cited_titles("《公证法》《中华人民共和国公证法》《殡葬管理条例》《王示范协议》")

    assert queries.laws_known(titles) == {"公证法", "殡葬管理条例"}
    assert queries.laws_known(()) == frozenset()
