"""Answers to a question, quoted word for word from what is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import category

from django.db.models.expressions import RawSQL

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.passages import Passage, passages
from yiwang.catalogue.policy.snippets import snippet
from yiwang.catalogue.policy.text_terms import question_terms
from yiwang.catalogue.queries import ANSWERED
from yiwang.consultations.models import PublicAnswer
from yiwang.consultations.policy import matching
from yiwang.consultations.policy.handing_over import UNREADABLE
from yiwang.consultations.policy.matching import QUESTION_LIMIT_CHARS, match
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term
from yiwang.organisations import queries as organisations

MOST_ANSWERS = 3

MOST_ITEMS = 5

LOOKED_AT = 20
"""Passages and articles that the search puts forward for each question."""

ARTICLE_LIMIT_CHARS = 500
"""A longer article is quoted in part."""

ONE_MATERIAL = "材料："
"""Beginning of the heading of a passage about one material."""

FAR_BEHIND = 0.15
"""An answer is shown beside the best when its place in the order is at most this much lower."""


PUBLIC_LOOKED_AT = 20
"""Public answers that share most pairs of characters with a question."""


class QuestionRefusedError(RefusedError):
    """The question cannot be read."""

    code = "consultations.question_refused"


class SourceKind(Term):
    """Where an answer stands (答复出处)."""

    GUIDE = "guide", "办事指南"
    LAW = "law", "法律法规"
    PUBLIC_ANSWER = "public_answer", "已公开的答复"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a quotation.

    Attributes:
        label: What the guide calls it, such as the name of a step; may be empty.
        words: Word for word what stands there; several pieces of one line, such as a name and an
            address.
    """

    label: str = ""
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a quotation stands.

    Attributes:
        slug: Item of the guide, or that the public answer is about; may be empty.
        title: Name of the item, of the law, or of the department that answered.
        part: Part of the guide as in `catalogue.policy.passages`, article of the law, or number of
            the public answer.
        version: Version of the guide; 0 for anything else.
        dated: Day from which the version holds, date of the text of the law, or day on which the
            answer was made public, ISO; may be empty.
    """

    kind: SourceKind
    slug: str = ""
    title: str
    part: str
    version: int = 0
    dated: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One quotation that answers a question.

    Attributes:
        heading: The frequent question it answers, or the title of the part.
        cut: Only a part of the article is quoted.
    """

    heading: str
    lines: tuple[Line, ...]
    source: Source
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class FoundItem:
    """An item that the question may be about."""

    slug: str
    name: str
    department: str


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is known about a question, best answer first.

    Attributes:
        known: There is an answer.
        items: Items that the question may be about; those of the answers come first.
    """

    question: str
    known: bool
    answers: tuple[Answer, ...]
    items: tuple[FoundItem, ...]


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    place: float
    answer: Answer


def readable(text: str) -> str:
    """Return a question without spaces around it.

    Raises:
        QuestionRefusedError: empty, too long, or without a word.
    """
    question = text.strip()
    if not question:
        raise QuestionRefusedError("请先写下要问的问题，再按“提问”。")
    if len(question) > QUESTION_LIMIT_CHARS:
        raise QuestionRefusedError(f"问题最多{QUESTION_LIMIT_CHARS}个字，请删减后再问。")
    if any(category(c) in UNREADABLE and not c.isspace() for c in question):
        raise QuestionRefusedError("问题里有无法识别的字符，请删去后再问。")
    if not question_terms(question):
        raise QuestionRefusedError("没有看到文字，请用平常的话把问题写出来。")
    return question


def reply(text: str, *, on: date) -> Reply:
    """Answer a question in the words of what is in force on `on`, or say that nothing is known.

    Nothing is kept of the question.

    Raises:
        QuestionRefusedError: the question cannot be read.
    """
    question = readable(text)
    found = catalogue.search(question, on=on, limit=MOST_ITEMS)
    likely = catalogue.search_passages(question, on=on, limit=LOOKED_AT)
    scores = {(hit.slug, hit.part, hit.heading): hit.score for hit in likely}
    other = {hit.slug for hit in likely} - {version.slug for version in found}
    versions = [*found, *catalogue.items_named(sorted(other), on=on)]
    candidates = [
        *_of_topics(question, versions),
        *_of_passages(question, versions, scores),
        *_of_public_answers(question),
    ]
    answers = _best(candidates)
    if not answers:
        answers = _of_laws(question)
    return Reply(
        question=question,
        known=bool(answers),
        answers=tuple(answers),
        items=_items(question, answers, versions),
    )


def _of_topics(question: str, versions: Sequence[ItemVersion]) -> Iterator[_Candidate]:
    """Yield the parts that the question asks for of the items that it names best.

    A question that is nothing but the name of an item is answered by what the item is.
    """
    parts = matching.topics(question)
    about = matching.without_topics(question)
    near: list[tuple[float, ItemVersion]] = []
    for version in versions:
        names = _names(version)
        held = match(about, names)
        if held.whole and held.share >= matching.NAMED and held.terms >= matching.LEAST_TERMS_NAME:
            near.append((matching.likeness(about, names), version))
    best = max((like for like, _ in near), default=0.0)
    asked = bool(parts)
    if not asked and best >= matching.SAME_NAME:
        parts = ("summary",)
    for like, version in near:
        if like < best - matching.NAMED_AS_WELL:
            continue
        for passage in passages(version):
            if passage.part in parts and not passage.heading.startswith(ONE_MATERIAL):
                place = like if asked or like > matching.NOTHING_ELSE else like / 2
                yield _Candidate(place=place, answer=_answer(version, passage))


def _of_passages(
    question: str, versions: Sequence[ItemVersion], scores: dict[tuple[str, str, str], float]
) -> Iterator[_Candidate]:
    """Yield passages that hold what is asked, frequent questions before the other parts."""
    parts = matching.topics(question)
    for version in versions:
        names = _names(version)
        for passage in passages(version):
            whole = match(question, (*names, passage.heading, passage.text))
            own = match(question, (passage.heading, passage.text))
            score = scores.get((version.slug, passage.part, passage.heading), 0.0)
            least = matching.HELD_IF_LIKELY if score >= ANSWERED else matching.HELD
            if whole.share < least or whole.terms < matching.LEAST_TERMS or not whole.whole:
                continue
            heading = match(question, (passage.heading,)).share
            if passage.part == "faq":
                fits = own.share >= matching.OWN and heading >= matching.HEADING
            else:
                fits = (
                    passage.part in parts
                    and own.share >= matching.OWN_OF_PART
                    and whole.terms >= matching.LEAST_TERMS_LONG
                )
            if fits:
                place = whole.share / 2 + own.share / 4 + heading / 4
                yield _Candidate(place=place, answer=_answer(version, passage))


def _of_public_answers(question: str) -> Iterator[_Candidate]:
    """Yield answers that a department made public; they must hold what a frequent question must."""
    rows = _nearest_public(question)
    names = {unit.code: unit.name for unit in organisations.departments()} if rows else {}
    for row in rows:
        whole = match(question, (row.question, row.answer))
        heading = match(question, (row.question,)).share
        if (
            whole.share < matching.HELD
            or whole.terms < matching.LEAST_TERMS
            or not whole.whole
            or heading < matching.HEADING
        ):
            continue
        source = Source(
            kind=SourceKind.PUBLIC_ANSWER,
            slug=row.item_slug,
            title=names.get(row.department_code, row.department_code),
            part=str(row.pk),
            dated=organisations.day_of(row.published_at).isoformat(),
        )
        answer = Answer(heading=row.question, lines=_lines(row.answer), source=source)
        yield _Candidate(place=whole.share * 3 / 4 + heading / 4, answer=answer)


def _nearest_public(question: str) -> list[PublicAnswer]:
    pairs = [term for term in question_terms(question) if len(term) > 1]
    if not pairs:
        return []
    hits = RawSQL(
        "(SELECT count(*) FROM unnest(%s::text[]) pair"
        " WHERE strpos(lower(question || ' ' || answer), pair) > 0)",
        [pairs],
    )
    rows = PublicAnswer.objects.published().annotate(hits=hits).filter(hits__gt=0)
    return list(rows.order_by("-hits", "-pk")[:PUBLIC_LOOKED_AT])


def _of_laws(question: str) -> list[Answer]:
    """Return articles of loaded laws that hold what is asked."""
    answers = []
    for hit in catalogue.search_articles(question, limit=MOST_ANSWERS):
        held = match(question, (hit.law, hit.article, hit.text))
        if (
            hit.score < ANSWERED
            or held.share < matching.LAW_HELD
            or held.terms < matching.LEAST_TERMS_LONG
            or not held.whole
        ):
            continue
        whole = len(hit.text) <= ARTICLE_LIMIT_CHARS
        text = hit.text
        if not whole:
            text = snippet(text, question_terms(question), ARTICLE_LIMIT_CHARS).strip("…")
        answers.append(
            Answer(
                heading=f"{hit.law} {hit.article}",
                lines=_lines(text),
                source=Source(kind=SourceKind.LAW, title=hit.law, part=hit.article, dated=hit.date),
                cut=not whole,
            )
        )
    return answers


def _best(candidates: Iterable[_Candidate]) -> list[Answer]:
    kept: dict[tuple[str, str, tuple[Line, ...]], _Candidate] = {}
    for one in sorted(candidates, key=lambda one: -one.place):
        kept.setdefault((one.answer.source.slug, one.answer.source.part, one.answer.lines), one)
    ordered = list(kept.values())
    if not ordered:
        return []
    least = ordered[0].place - FAR_BEHIND
    return [one.answer for one in ordered if one.place >= least][:MOST_ANSWERS]


def _items(
    question: str, answers: Sequence[Answer], versions: Sequence[ItemVersion]
) -> tuple[FoundItem, ...]:
    by_slug = {version.slug: version for version in versions}
    slugs = [one.source.slug for one in answers if one.source.slug in by_slug]
    slugs += [
        version.slug
        for version in versions
        if match(matching.without_topics(question), (*_names(version), version.summary)).share
        >= matching.LISTED
    ]
    return tuple(
        FoundItem(slug=slug, name=by_slug[slug].name, department=by_slug[slug].department)
        for slug in list(dict.fromkeys(slugs))[:MOST_ITEMS]
    )


def _names(version: ItemVersion) -> tuple[str, ...]:
    return (version.name, *version.aliases)


def _answer(version: ItemVersion, passage: Passage) -> Answer:
    return Answer(
        heading=passage.heading,
        lines=_quoted(version, passage),
        source=Source(
            kind=SourceKind.GUIDE,
            slug=version.slug,
            title=version.name,
            part=passage.part,
            version=version.version,
            dated=version.effective_on.isoformat(),
        ),
    )


def _quoted(version: ItemVersion, passage: Passage) -> tuple[Line, ...]:
    """Return a passage line by line; of parts that are made of fields, each field by itself."""
    if passage.part == "limit":
        limit = version.limit
        if not limit.promised_workdays:
            return (Line(words=(passage.text,)),)
        return (
            Line(label="承诺办结时限", words=(f"{limit.promised_workdays} 个工作日",)),
            Line(label="法定办结时限", words=(f"{limit.statutory_workdays} 个工作日",)),
        )
    if passage.part == "fees":
        return tuple(
            Line(label=fee.name, words=(f"{fee.amount_cny:g} 元",))
            if fee.amount_cny is not None
            else Line(words=(fee.name,))
            for fee in version.fees
        ) or (Line(words=(passage.text,)),)
    if passage.part == "flow":
        return tuple(
            Line(label=step.name, words=(step.text,)) if step.text else Line(words=(step.name,))
            for step in version.flow
        )
    if passage.part == "places":
        return tuple(
            Line(words=tuple(filter(None, (one.name, one.address, one.hours, one.phone))))
            for one in version.service_points
        )
    return _lines(passage.text)


def _lines(text: str) -> tuple[Line, ...]:
    return tuple(Line(words=(line,)) for line in text.split("\n") if line.strip())
