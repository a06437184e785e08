"""Questions about what items stand on: whether a citation resolves, and whether it is the newest.

They have answers once a corpus of laws is loaded; without one nothing is known and nothing refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.catalogue import queries
from yiwang.catalogue.models import Law, LawArticle
from yiwang.catalogue.policy.citations import article_number
from yiwang.catalogue.policy.items import Basis, ItemVersion
from yiwang.catalogue.policy.parsing import Problem

Citation = tuple[str, str, str]
"""Law, number of the article, date of the text."""


@dataclass(frozen=True, kw_only=True)
class OutdatedBasis:
    """One citation of an item in force whose law has a newer text (设定依据待更新).

    Attributes:
        cited: Date of the text that the item cites.
        newest: Date of the newest text loaded.
        changed: Whether the article reads differently there, or is gone.
        text: The article in the newest text; empty when it is gone.
    """

    slug: str
    name: str
    department: str
    law: str
    article: str
    cited: str
    newest: str
    changed: bool
    text: str


def unresolved(versions: Iterable[ItemVersion]) -> dict[str, list[Problem]]:
    """Return slug -> what each item cites that the loaded corpus does not hold.

    Empty when no corpus is loaded. A row without an article cites a whole document by its number
    and is not looked up. Two queries, however many versions.
    """
    asked = list(versions)
    names = {one.law for version in asked for one in version.basis if one.article}
    if not names or not Law.objects.exists():
        return {}
    dates: dict[str, set[str]] = {}
    for name, day in Law.objects.filter(name__in=names).values_list("name", "version"):
        dates.setdefault(name, set()).add(day)
    held = _held(names)
    found: dict[str, list[Problem]] = {}
    for version in asked:
        wrong = [
            problem
            for index, one in enumerate(version.basis)
            if one.article
            for problem in _missing(f"basis[{index}]", one, dates.get(one.law, set()), held)
        ]
        if wrong:
            found[version.slug] = wrong
    return found


def _missing(
    place: str, one: Basis, dates: set[str], held: Mapping[Citation, str]
) -> Iterable[Problem]:
    if not dates:
        yield Problem(
            place=f"{place}.law",
            message=f"法规库里没有《{one.law}》。",
            remedy="请核对名称，或者先用 yiwang laws load 装入这部法律。",
            rule="basis_resolves",
        )
    elif one.version and one.version not in dates:
        yield Problem(
            place=f"{place}.version",
            message=f"法规库里没有《{one.law}》{one.version}的文本。",
            remedy=f"已有的文本：{'、'.join(sorted(dates - {''})) or '未注明日期'}，请更正。",
            rule="basis_resolves",
        )
    else:
        day = one.version or max(dates)
        if (one.law, article_number(one.article), day) not in held:
            yield Problem(
                place=f"{place}.article",
                message=f"《{one.law}》{day}的文本里没有{article_number(one.article)}。",
                remedy="请核对条号。",
                rule="basis_resolves",
            )


def outdated(*, on: date, departments: Sequence[str] | None = None) -> list[OutdatedBasis]:
    """List citations of items in force on `on` whose law has a newer text, by department and name.

    Args:
        on: The day.
        departments: Codes of the departments to look at; None: all.
    """
    items = [
        version
        for version in queries.items(on=on)
        if departments is None or version.department in departments
    ]
    dated = {one.law for version in items for one in version.basis if one.version and one.article}
    newest: dict[str, str] = {}
    for name, day in Law.objects.filter(name__in=dated).values_list("name", "version"):
        newest[name] = max(day, newest.get(name, ""))
    late = {name for name in dated if name in newest}
    held = _held(late)
    rows = []
    for version in sorted(items, key=lambda one: (one.department, one.name)):
        for one in version.basis:
            day = newest.get(one.law, "")
            if not one.article or not one.version or day <= one.version:
                continue
            number = article_number(one.article)
            text = held.get((one.law, number, day), "")
            rows.append(
                OutdatedBasis(
                    slug=version.slug,
                    name=version.name,
                    department=version.department,
                    law=one.law,
                    article=one.article,
                    cited=one.version,
                    newest=day,
                    changed=text != held.get((one.law, number, one.version), text),
                    text=text,
                )
            )
    return rows


def _held(names: Iterable[str]) -> dict[Citation, str]:
    rows = LawArticle.objects.filter(law__name__in=list(names)).values_list(
        "law__name", "article", "law__version", "text"
    )
    return {(name, article, day): text for name, article, day, text in rows}
