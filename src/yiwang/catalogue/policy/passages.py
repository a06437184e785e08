"""The passages of a guide: each a few sentences that answer one question about the item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from yiwang.catalogue.policy.items import ItemVersion, ServicePoint


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One piece of a guide that can be shown as an answer.

    Attributes:
        part: Part of the guide it stands in: summary, conditions, materials, limit, fees, result,
            flow, places, faq.
        heading: The question it answers, or the title of the part.
    """

    part: str
    heading: str
    text: str


def passages(version: ItemVersion) -> tuple[Passage, ...]:
    """Return the passages of `version` in the order of the guide; none is empty."""
    return tuple(passage for passage in _all(version) if passage.text.strip())


def _all(version: ItemVersion) -> Iterator[Passage]:
    for one in version.faq:
        yield Passage(part="faq", heading=one.question, text=one.answer)
    yield Passage(part="summary", heading="这是什么事项", text=version.summary)
    yield Passage(part="conditions", heading="申请条件", text=_lines(version.conditions))
    yield Passage(
        part="materials",
        heading="需要什么材料",
        text=_lines(material.name for material in version.materials),
    )
    for material in version.materials:
        yield Passage(
            part="materials",
            heading=f"材料：{material.name}",
            text=_lines((material.accept_standard, material.fill_notes)),
        )
    yield Passage(part="limit", heading="多久办好（办理时限）", text=_limit(version))
    yield Passage(part="fees", heading="要不要钱（收费）", text=_fees(version))
    yield Passage(part="result", heading="办好后拿到什么（办理结果）", text=version.result.name)
    yield Passage(
        part="flow",
        heading="怎么办（办理流程）",
        text=_lines(
            f"{step.name}：{step.text}" if step.text else step.name for step in version.flow
        ),
    )
    yield Passage(
        part="places",
        heading="去哪里办（办理地点）",
        text=_lines(_place(point) for point in version.service_points),
    )


def _limit(version: ItemVersion) -> str:
    limit = version.limit
    if not limit.promised_workdays:
        return "当场办结。"
    return (
        f"承诺 {limit.promised_workdays} 个工作日办结，"
        f"法定时限 {limit.statutory_workdays} 个工作日。"
    )


def _fees(version: ItemVersion) -> str:
    if not version.fees:
        return "不收费。"
    return _lines(
        f"{fee.name}：{fee.amount_cny:g} 元" if fee.amount_cny is not None else fee.name
        for fee in version.fees
    )


def _place(point: ServicePoint) -> str:
    return "，".join(part for part in (point.name, point.address, point.hours, point.phone) if part)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)
