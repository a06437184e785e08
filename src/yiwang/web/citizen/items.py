"""Finding an item and reading its guide: home, search, catalogue, guide, questionnaire."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yiwang.cases import queries as cases
from yiwang.catalogue import listed, towns
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    Channel,
    ItemType,
    ItemVersion,
    Question,
    QuestionKind,
    holds,
)
from yiwang.catalogue.queries import ItemHead
from yiwang.catalogue.towns import TownWindow
from yiwang.documents.rendering import render
from yiwang.organisations import queries as organisations
from yiwang.organisations.limits import Bound, count_try, network_of
from yiwang.ratings import queries as ratings
from yiwang.registration import permits
from yiwang.web import downloads
from yiwang.web.citizen import finding, guides, personal, popularity, scene_cards
from yiwang.web.forms import QuestionsForm, in_words
from yiwang.web.remedies import remedy_words
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, Page, found

QUERY_LENGTH = 60
"""Longest search text, in characters; the rest is dropped."""

HOME_ITEMS = 8
"""Items shown per audience on the home page."""

FILTERS = ("for", "dept", "type")
"""Filters of the list that its links keep."""

PRINTS = Bound(most=240, seconds=60)
"""Guides printed per network: a hall shares one address, a machine that asks for more is slowed."""

HOME_CASES = 3
"""Own running cases shown on the home page."""


def audience_of(request: HttpRequest) -> Audience | None:
    """Return the audience named in the address; None: both."""
    wish = request.GET.get("for", "")
    return Audience(wish) if wish in set(Audience) else None


@dataclass(frozen=True, kw_only=True)
class ItemCard:
    """One item in a list, with its facts."""

    slug: str
    name: str
    summary: str
    department: str
    facts: list[tuple[str, str]]


def cards(items: list[ItemVersion]) -> list[ItemCard]:
    """Return items as cards; one query for all departments."""
    names = {unit.code: unit.short_name or unit.name for unit in organisations.departments()}
    items = [guides.localized(item) for item in items]
    return [
        ItemCard(
            slug=item.slug,
            name=item.name,
            summary=item.summary,
            department=names.get(item.department, ""),
            facts=guides.facts(item),
        )
        for item in items
    ]


class Home(Page):
    """Start: search first, then two lists, and one's own running cases (首页)."""

    template_name = "citizen/home.html"
    nav = "home"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what most people come for."""
        counts = popularity.asked_for(today=self.today)
        heads = popularity.ordered(catalogue.item_heads(on=self.today), counts=counts)
        listed_ones = {
            audience: [one for one in heads if audience.value in one.audiences]
            for audience in Audience
        }
        mine = self._reasons(heads) if personal.chosen(request) else {}
        front = {audience: _first(ones, mine) for audience, ones in listed_ones.items()}
        wanted = [slug for slugs in front.values() for slug in slugs]
        shown = {
            one.slug: guides.localized(one) for one in catalogue.items_named(wanted, on=self.today)
        }
        rows = {
            audience: [(shown[slug], mine.get(slug, "")) for slug in slugs if slug in shown]
            for audience, slugs in front.items()
        }
        return self.render(
            {
                "persons": rows[Audience.PERSON],
                "persons_count": len(listed_ones[Audience.PERSON]),
                "entities": rows[Audience.ENTITY],
                "entities_count": len(listed_ones[Audience.ENTITY]),
                "my_cases": self._running(),
                "scenes": scene_cards.by_audience(),
                "personal": personal.chosen(request),
                "listed_count": 0
                if any(listed_ones.values())
                else listed.listed_page(on=self.today, limit=1).total,
            }
        )

    def _reasons(self, heads: list[ItemHead]) -> Mapping[str, str]:
        return personal.reasons(self.actor.subjects, heads, today=self.today)

    def _running(self) -> list[cases.QueueRow]:
        if not self.actor.subjects:
            return []
        rows, _after = cases.my_cases(
            self.actor.subjects, today=self.today, calendar=self.calendar, limit=HOME_CASES
        )
        return guides.named([row for row in rows if row.closed_at is None], on=self.today)


def _first(heads: list[ItemHead], mine: Mapping[str, str]) -> list[str]:
    """Return the items of one list; those with a reason stand in front."""
    front = sorted(heads, key=lambda one: one.slug not in mine)
    return [one.slug for one in front[:HOME_ITEMS]]


class Search(Page):
    """One box over items, scenes, places, answers, laws and one's own cases (搜索)."""

    template_name = "citizen/search.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what was found, best first; a number of one's own case leads to it at once."""
        text = request.GET.get("q", "").strip()[:QUERY_LENGTH]
        audience = audience_of(request)
        if case := finding.own_case(text, by=self.actor):
            return redirect("citizen:case", number=case)
        found_ones = finding.find(text, audience=audience, on=self.today)
        return self.render(
            {
                "text": text,
                "audience": audience,
                "cards": cards(found_ones.items),
                "listed": found_ones.listed,
                "scenes": scene_cards.scene_cards(found_ones.scenes),
                "places": found_ones.places,
                "answers": found_ones.answers,
                "looks_like_case": finding.looks_like_case(text),
            }
        )


class Items(Page):
    """All items of the district, those without a published guide included (办事)."""

    template_name = "citizen/items.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the list, narrowed by audience, department and type."""
        wish = request.GET.get("type", "")
        asked: dict[str, Any] = {
            "audience": audience_of(request),
            "department": request.GET.get("dept", "")[:40],
            "item_type": ItemType(wish) if wish in set(ItemType) else None,
        }
        page = listed.listed_page(on=self.today, after=request.GET.get("after", ""), **asked)
        guided = catalogue.items_named([row.slug for row in page.rows], on=self.today)
        shown = {one.slug: guides.localized(one).name for one in guided}
        names = {unit.code: unit.short_name for unit in organisations.departments()}
        kept = {key: value for key, value in request.GET.items() if key in FILTERS and value}
        return self.render(
            asked
            | {
                "rows": [
                    (row, shown.get(row.slug, row.name), names.get(row.department, ""))
                    for row in page.rows
                ],
                "count": page.total,
                "departments": [
                    (code, names.get(code, code), count) for code, count in page.departments.items()
                ],
                "types": [(ItemType(code), count) for code, count in page.types.items()],
                "next": page.after,
                "first": not request.GET.get("after"),
                "kept": urlencode({key: kept[key] for key in kept if key != "for"}),
                "chinese_only": any(guides.chinese_only(one) for one in guided),
            }
        )


class ItemPage(Page):
    """What pages about one item share: the version in force today."""

    nav = "items"

    def item(self) -> ItemVersion:
        """Return the version in force today.

        Raises:
            Http404: there is none.
        """
        return guides.localized(found(lambda: catalogue.item(self.kwargs["slug"], on=self.today)))

    @cached_property
    def names(self) -> dict[str, str]:
        """Code of a department -> its name."""
        return {unit.code: unit.name for unit in organisations.departments()}

    def printed(self, item: ItemVersion, lines: list[guides.MaterialLine], *, title: str) -> bytes:
        """Return the guide of `item` on paper, with the materials in `lines`.

        Raises:
            TooManyTriesError: too many were printed for the same network.
        """
        count_try(
            what="guide-pdf",
            who=network_of(address_of(self.request)),
            bound=PRINTS,
            at=self.at,
        )
        address = self.request.build_absolute_uri(reverse("citizen:item", args=[item.slug]))
        return render(
            "guide",
            {
                "title": title,
                "subtitle": item.name,
                "issuer": self.names.get(item.department, item.department),
                "summary": item.summary,
                "facts": guides.facts(item),
                "parts": [dataclasses.asdict(p) for p in self.parts(item, lines)],
                "notes": [guides.edition(item)],
                "qr": address,
                "qr_alt": address,
                "demo": settings.DEMO,
            },
            at=self.at,
        )

    def parts(self, item: ItemVersion, lines: list[guides.MaterialLine]) -> list[guides.Part]:
        """Return the parts of the printed guide."""
        return guides.parts(item, lines=lines, names=self.names, windows=self.windows(item))

    def windows(self, item: ItemVersion) -> list[TownWindow]:
        """Return the windows of towns where it may be filed today."""
        return towns.windows_of(item.slug, on=self.today)


class Item(ItemPage):
    """The guide of one item: decide and prepare (办事指南)."""

    template_name = "citizen/item.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the guide; of an item without one, what is known of it."""
        try:
            item = guides.localized(catalogue.item(self.kwargs["slug"], on=self.today))
        except LookupError:
            return self.only_listed()
        return self.render(guide_context(item, on=self.today))

    def only_listed(self) -> HttpResponse:
        """Show name and codes of an item whose guide is not published, and the way on."""
        row = found(lambda: listed.listed_item(self.kwargs["slug"], on=self.today))
        unknown = _("未公布")
        rows = [
            (_("事项类型"), _(row.item_type.label)),
            (_("办理部门"), self.names.get(row.department, row.department)),
            (_("主项"), row.main_item),
            (_("基本编码"), row.catalog_code),
            (_("实施编码"), row.task_code),
            (_("原系统编码"), row.external_code),
            (_("来源"), row.source),
        ]
        labels = (_("法定时限"), _("承诺时限"), _("到场次数"), _("收费"))
        return self.render(
            {
                "row": row,
                "facts": [(label, unknown) for label in labels],
                "rows": [{"label": label, "value": words} for label, words in rows if words],
                "crumbs": [(_("办事"), reverse("citizen:items"))],
            },
            template="citizen/listed.html",
        )


def guide_context(item: ItemVersion, *, on: date | None = None) -> dict[str, Any]:
    """Return what the template of a guide shows of `item`, published or not.

    Args:
        item: The version.
        on: Day of the reader; None: today.
    """
    on = on or timezone.localdate()
    units = {unit.code: unit for unit in organisations.departments()}
    lines = guides.materials(item.materials)
    norms = guides.norms_of(item, on=on)
    unit = units.get(item.department)
    return {
        "item": item,
        "crumbs": [(_("办事"), reverse("citizen:items"))],
        "facts": guides.facts(item),
        "tags": guides.tags(item),
        "audiences": guides.audiences(item),
        "materials": lines,
        "waived_count": sum(line.waived for line in lines),
        "flow": guides.flow(item),
        "by_letter": guides.by_letter(item),
        "basis": guides.basis(item, norms),
        "reform_norm": norms.get(item.reform_doc),
        "automatic": guides.automatic(item),
        "result": guides.result(item),
        "fees": guides.fee_lines(item),
        "remedy": remedy_words(item),
        "details": guides.details(item, names={code: unit.name for code, unit in units.items()}),
        "edition": guides.edition(item),
        "chinese_only": guides.chinese_only(item),
        "scenarios": [
            (line.name, f"{reverse('citizen:checklist', args=[item.slug])}?{query}")
            for line in guides.scenarios(item)
            for query in [urlencode(plain(item, line.answers))]
        ],
        "department": unit,
        "nearby": guides.nearby(
            towns.windows_of(item.slug, on=on), department=unit.name if unit else item.department
        ),
        "supervisor": units.get(item.supervision.department),
        "online": Channel.PORTAL in item.channels,
        "cancelled": guides.cancelled(item),
        "registers_scope": permits.registers_scope(item.slug),
        "rating": ratings.item_summary(item.slug),
    }


class ItemPdf(ItemPage):
    """The whole guide on paper (打印版办事指南)."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Print it."""
        item = self.item()
        content = self.printed(item, guides.materials(item.materials), title=_("办事指南"))
        return downloads.pdf(content, name=f"{item.name}.pdf")


class ChecklistPdf(ItemPage):
    """The reader's own list of materials on paper, with the rest of the guide."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Print it for the answers in the address."""
        item = self.item()
        answers = given_answers(item, request.GET, before=len(item.questionnaire))
        lines = guides.checklist(item, answers)
        content = self.printed(item, lines, title=_("我的材料清单"))
        return downloads.pdf(content, name=f"{item.name}.pdf")

    def parts(self, item: ItemVersion, lines: list[guides.MaterialLine]) -> list[guides.Part]:
        """Return the list, the way and the windows of towns."""
        place = guides.nearby_part(item, names=self.names, windows=self.windows(item))
        whole = guides.parts(item, lines=lines, names=self.names)[1:4]
        return [*whole, *([place] if place.paragraphs else [])]


class Questions(ItemPage):
    """Start of the questionnaire."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go to the first question; an item without questions has its list at once."""
        item = self.item()
        if item.questionnaire:
            return redirect("citizen:question", slug=item.slug, number=1)
        return redirect("citizen:checklist", slug=item.slug)


class QuestionPage(ItemPage):
    """One guiding question per page; answers travel in the address, nothing is kept (情形引导)."""

    template_name = "citizen/question.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, or take the answer and go on."""
        item = self.item()
        number = self.kwargs["number"]
        if not 1 <= number <= len(item.questionnaire):
            raise Http404
        question = item.questionnaire[number - 1]
        earlier = given_answers(item, request.GET, before=number - 1)
        if not holds(question.when, earlier):
            return redirect(_step(item, number, earlier))
        sent = request.GET if "go" in request.GET else None
        form = QuestionsForm([question], version=item, given=earlier, today=self.today, data=sent)
        if sent is not None and form.is_valid():
            return redirect(_step(item, number, earlier | form.answers()))
        return self.render(
            {
                "item": item,
                "form": form,
                "field": form[question.id],
                "earlier": plain(item, earlier),
                "back": _back(item, number, earlier),
                "number": number,
                "count": len(item.questionnaire),
            },
            status=UNPROCESSABLE if form.errors else 200,
        )


class Checklist(ItemPage):
    """The reader's own list of materials, printable (我的材料清单)."""

    template_name = "citizen/checklist.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list for the answers in the address."""
        item = self.item()
        answers = given_answers(item, request.GET, before=len(item.questionnaire))
        lines = guides.checklist(item, answers)
        return self.render(
            {
                "item": item,
                "facts": guides.facts(item),
                "materials": lines,
                "waived_count": sum(line.waived for line in lines),
                "rows": [
                    {
                        "label": question.label,
                        "value": in_words(question, answers[question.id]),
                        "change": _link(item, number, answers),
                    }
                    for number, question in enumerate(item.questionnaire, start=1)
                    if answers.get(question.id) is not None
                ],
                "earlier": plain(item, answers),
                "query": urlencode(plain(item, answers)),
                "chinese_only": guides.chinese_only(item),
                "online": Channel.PORTAL in item.channels,
                "fee": guides.fee(item),
                "nearby": guides.nearby(
                    self.windows(item),
                    department=self.names.get(item.department, item.department),
                ),
                "minutes": _("约 %(minutes)s 分钟") % {"minutes": item.minutes_to_fill},
            }
        )


def given_answers(item: ItemVersion, sent: Mapping[str, Any], *, before: int) -> dict[str, Answer]:
    """Return the answers to the first `before` guiding questions that `sent` holds.

    Answers that do not fit their question, or to questions that are not asked, are dropped.
    """
    answers: dict[str, Answer] = {}
    for question in item.questionnaire[:before]:
        if question.id in sent and holds(question.when, answers):
            answer = read_answer(question, sent)
            if answer is not None:
                answers[question.id] = answer
    return answers


def read_answer(question: Question, sent: Mapping[str, Any]) -> Answer:
    """Return one answer as it stands in an address; None where it does not fit its question."""
    values = sent.getlist(question.id) if hasattr(sent, "getlist") else [sent[question.id]]
    known = {option.value for option in question.options}
    if question.kind is QuestionKind.YES_NO:
        return {"yes": True, "no": False}.get(values[-1])
    if question.kind is QuestionKind.CHOICES:
        return tuple(value for value in values if value in known) or None
    if question.kind is QuestionKind.CHOICE:
        return values[-1] if values[-1] in known else None
    if question.kind is QuestionKind.NUMBER:
        try:
            return float(values[-1])
        except ValueError:
            return None
    return str(values[-1])[: question.max_length] or None


def plain(item: ItemVersion, answers: Mapping[str, Answer]) -> list[tuple[str, str]]:
    """Return answers as names and values of an address."""
    pairs = []
    for question in item.questionnaire:
        answer = answers.get(question.id)
        if isinstance(answer, bool):
            pairs.append((question.id, "yes" if answer else "no"))
        elif isinstance(answer, tuple):
            pairs.extend((question.id, one) for one in answer)
        elif isinstance(answer, float):
            pairs.append((question.id, f"{answer:g}"))
        elif answer is not None:
            pairs.append((question.id, str(answer)))
    return pairs


def _link(item: ItemVersion, number: int, answers: Mapping[str, Answer]) -> str:
    query = urlencode(plain(item, answers))
    return reverse("citizen:question", args=[item.slug, number]) + (f"?{query}" if query else "")


def _step(item: ItemVersion, number: int, answers: Mapping[str, Answer]) -> str:
    for following in range(number + 1, len(item.questionnaire) + 1):
        if holds(item.questionnaire[following - 1].when, answers):
            return _link(item, following, answers)
    query = urlencode(plain(item, answers))
    return reverse("citizen:checklist", args=[item.slug]) + (f"?{query}" if query else "")


def _back(item: ItemVersion, number: int, answers: Mapping[str, Answer]) -> str:
    for earlier in range(number - 1, 0, -1):
        if holds(item.questionnaire[earlier - 1].when, answers):
            return _link(item, earlier, answers)
    return reverse("citizen:item", args=[item.slug])
