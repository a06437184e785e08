"""A template says nothing personal where others read it, and fits where it has to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.content.conftest import AT, manifest
from yiwang.config import env
from yiwang.content import services
from yiwang.notices.policy.templates import (
    NoticeChannel,
    Occasion,
    WorkOccasion,
    desk_key_of,
    key_of,
    problems,
    render,
    sms_parts,
)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("notices.sms.accepted", "{name}您好", "{name} 不是可用的占位词"),
        ("notices.sms.accepted", "您的{item}已受理", "不能写进短信和邮件标题"),
        ("notices.email.accepted.subject", "{item}已受理", "不能写进短信和邮件标题"),
        ("notices.sms.accepted", "请拨打13800000000", "11位以上的数字"),
        ("notices.sms.accepted", "字" * 120 + "{code}", "要分3条短信"),
        ("notices.email.accepted.subject", "字" * 61, "不超过60个字"),
        ("notices.email.accepted.subject", "一\n二", "应为一行"),
        ("notices.sms.accepted", "查询码{code", "花括号不成对"),
        ("notices.sms.contact_code", "请输入验证码", "缺少 {secret}"),
        ("notices.sms.accepted", "{secret}", "只能用于“验证联系方式”"),
        ("notices.fax.accepted", "好", "不是通知模板的键"),
        ("notices.sms.party", "好", "不是通知模板的键"),
        ("notices.sms.accepted.subject", "好", "键写长了"),
        ("notices.email.accepted", "字" * 2001, "最多2000个字"),
        ("notices.desk.clock_missed.subject", "{item}超期", "不能写进短信和邮件标题"),
        ("notices.desk.clock_missed.subject", "字" * 61, "不超过60个字"),
        ("notices.desk.clock_missed", "{name}", "{name} 不是可用的占位词"),
        ("notices.desk.clock_missed", "13800000000", "11位以上的数字"),
        ("notices.desk.party", "好", "不是工作消息模板的键"),
        ("notices.desk", "好", "不是工作消息模板的键"),
    ],
)
def test_a_template_that_must_not_be_loaded_says_why(key, text, words):
    assert words in "".join(problems(key, text))


def test_other_texts_are_left_alone():
    assert problems("remedies.review", "{anything} 13800000000") == []


def test_the_templates_of_the_national_pack_are_whole_and_pass():
    rows = yaml.safe_load((env.ROOT / "packs/national/texts/notices.yaml").read_text())["texts"]
    texts = {row["key"]: row["text"] for row in rows}

    assert {key: found for key, text in texts.items() if (found := problems(key, text))} == {}
    wanted = {key_of(channel, one) for channel in NoticeChannel for one in Occasion} | {
        key_of(NoticeChannel.EMAIL, one, subject=True) for one in Occasion
    }
    wanted |= {desk_key_of(one, subject=there) for one in WorkOccasion for there in (False, True)}
    assert set(texts) == wanted


def test_a_long_message_counts_in_parts_of_sixty_seven():
    assert [sms_parts("字" * n) for n in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]


def test_a_word_that_is_not_given_leaves_no_brace_behind():
    assert render("查询码{code}：{link}", {"code": "JD1"}) == "查询码JD1："


@pytest.mark.django_db
def test_a_pack_with_a_bad_template_is_not_loaded_and_says_where(tmp_path: Path):
    pack = tmp_path / "national"
    (pack / "texts").mkdir(parents=True)
    (pack / "pack.yaml").write_text(manifest("national"))
    (pack / "texts" / "notices.yaml").write_text(
        "texts:\n  - key: notices.sms.accepted\n    text: 您的{item}已受理\n    source: 虚构\n"
    )

    report = services.load_packs(
        root=tmp_path,
        names=["national"],
        by="user:operator",
        at=AT,
        apply=True,
        record=lambda **_: None,
    )

    (error,) = report.errors
    assert "notices.yaml" in str(error)
    assert "不能写进短信和邮件标题" in str(error)
