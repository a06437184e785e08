"""A sentence is a text, and knows what it was made of."""

from __future__ import annotations

from yiwang.kernel.sentences import Sentence


def test_a_sentence_is_its_text_and_keeps_pattern_and_values():
    inside = Sentence("（单位：%(unit)s）", unit="m²")
    whole = Sentence("“%(label)s”应为数字%(unit)s。", label="面积 100%", unit=inside)

    assert whole == "“面积 100%”应为数字（单位：m²）。"
    assert isinstance(whole, str)
    assert whole.pattern == "“%(label)s”应为数字%(unit)s。"
    assert whole.values == {"label": "面积 100%", "unit": inside}
    assert Sentence("没有值。").values == {}
