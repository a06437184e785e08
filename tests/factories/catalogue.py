"""Items for tests: the smallest valid definition, published ones, and those of the packs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.factories.assessments import assess_if_automatic
from yiwang.audit import services as audit
from yiwang.catalogue import services
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.content.policy import reading
from yiwang.content.registry import PackFile
from yiwang.content.services import load_packs
from yiwang.organisations.permissions import Actor, Post

PACKS = Path(__file__).resolve().parents[2] / "packs"
PUBLISHED_AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
PUBLISHED_ON = date(2026, 3, 2)
TASK_CODE = "11310114XXXX01011H4310131099000"

SMALLEST: Mapping[str, Any] = {
    "slug": "stall-permit",
    "name": "摆摊许可（示例）",
    "item_type": "licence",
    "task_code": TASK_CODE,
    "handling_code": f"{TASK_CODE}01",
    "department": "market",
    "audiences": ["entity"],
    "field": "市场准入",
    "themes": ["开办企业"],
    "aliases": ["摆地摊", "摆摊"],
    "summary": "在公共场地摆摊之前要取得的许可。",
    "case_kind": "promised",
    "channels": ["portal", "counter"],
    "onsite_times": 0,
    "onsite_reason": "",
    "limit": {
        "statutory_workdays": 20,
        "promised_workdays": 5,
        "source": "行政许可法 第四十二条第一款",
        "effective_on": "2026-01-01",
    },
    "fees": [],
    "minutes_to_fill": 5,
    "basis": [{"law": "行政许可法", "article": "第四十二条", "version": "2019-04-23"}],
    "conditions": ["已经取得营业执照。"],
    "questionnaire": [
        {
            "id": "sells",
            "label": "卖什么？",
            "kind": "choice",
            "options": {"food": "食品", "goods": "百货"},
        }
    ],
    "sections": [
        {
            "id": "stall",
            "title": "摊位",
            "questions": [
                {"id": "holder", "label": "经营者", "kind": "text", "prefill": "entity.name"},
                {"id": "area_m2", "label": "面积", "kind": "number", "unit": "平方米"},
            ],
        }
    ],
    "materials": [
        {
            "id": "application",
            "name": "申请表",
            "source": "form",
            "waive_by": "generated",
            "basis": "行政许可法 第二十九条",
            "accept_standard": "经申请人确认。",
        },
        {
            "id": "health",
            "name": "健康证",
            "source": "third_party",
            "necessity": "conditional",
            "needed_when": {"sells": "food"},
            "basis": "食品安全法 第四十五条",
            "accept_standard": "在有效期内。",
        },
    ],
    "flow": [
        {"role": "accept", "name": "受理", "workdays": 1},
        {"role": "review", "name": "审查", "workdays": 2},
        {"role": "decide", "name": "决定", "workdays": 1},
        {"role": "decide", "name": "制证", "workdays": 1},
        {"role": "deliver", "name": "送达", "workdays": 0},
    ],
    "result": {"kind": "licence", "name": "摆摊许可证", "licence_type": "stall"},
    "supervision": {"department": "market", "method": "巡查", "basis": "行政许可法 第六十一条"},
    "service_points": [{"name": "示例中心"}],
    "consult_phone": "",
    "complaint_phone": "021-12345",
    "review_body": "示例区人民政府",
    "litigation_body": "有管辖权的人民法院",
    "faq": [{"question": "要钱吗？", "answer": "不要。"}],
    "declaration": "我承诺所填内容真实。",
    "source": "虚构",
    "source_year": 2026,
    "effective_on": "2026-01-01",
}
"""A definition with nothing to spare; a test changes one thing."""


def definition(**changes: Any) -> dict[str, Any]:
    """Return a valid definition with whole fields replaced."""
    return copy.deepcopy(dict(SMALLEST)) | changes


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return a valid definition with the value at `path` replaced, as `flow.0.workdays`."""
    whole = definition()
    *way, last = path.split(".")
    inner: Any = whole
    for step in way:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    inner[int(last) if last.isdigit() else last] = value
    return whole


def an_item(**changes: Any) -> ItemVersion:
    """Return a valid item version with whole fields replaced; nothing is stored."""
    return parse_item(definition(**changes))


def publish(
    version: ItemVersion | None = None, *, at: datetime = PUBLISHED_AT, **changes: Any
) -> ItemVersion:
    """Publish an item and return it as stored."""
    wanted = version or an_item(**changes)
    published = services.publish_from_pack(version=wanted, pack="example", by="job:test", at=at)
    assert published is not None, "nothing changed, so nothing was published"
    assess_if_automatic(published)
    return published


def item_checker(department: str = "market") -> Actor:
    """Return somebody who may publish the items of `department`."""
    return Actor(
        ref="user:checker", posts={department: frozenset({Post.ITEM_CHECKER})}, name="张三"
    )


def a_writer(department: str = "market") -> Actor:
    """Return somebody who may write the items of `department`."""
    return Actor(ref="user:owner", posts={department: frozenset({Post.ITEM_OWNER})}, name="李四")


def pack_files(pack: str) -> list[PackFile]:
    """Return the item files of a real pack, read as the loader reads them."""
    files = []
    for path in sorted((PACKS / pack / "catalogue").glob("*.yaml")):
        found = reading.read(path.read_bytes())
        files.append(
            PackFile(
                pack=pack,
                section="catalogue",
                name=path.stem,
                path=f"packs/{pack}/catalogue/{path.name}",
                content=found.content,
                lines=found.lines,
            )
        )
    return files


def pack_items(pack: str = "jiading") -> list[ItemVersion]:
    """Return the items of a real pack; nothing is stored."""
    return [parse_item(file.content) for file in pack_files(pack)]


def publish_jiading() -> None:
    """Publish every item of the district's pack."""
    for version in pack_items("jiading"):
        publish(version)


def load_jiading() -> None:
    """Load the district's pack, every section of it, as before the first working day of 2026."""
    report = load_packs(
        root=PACKS,
        names=["jiading"],
        by="job:packs",
        at=datetime(2026, 1, 2, 1, tzinfo=UTC),
        apply=True,
        record=audit.record,
    )
    assert report.ok, [str(error) for error in report.errors]
