"""An item version in English, from the texts it carries; nothing is translated by machine.

What has no English text stays Chinese, and `untranslated` says how much that is, so that a page
can tell its reader instead of pretending.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from yiwang.catalogue.policy.items import ItemVersion, Question


def translatable(version: ItemVersion) -> dict[str, str]:
    """Return place -> Chinese text, for every text of the guide and the form but the name."""
    found: dict[str, str] = {}

    def note(place: str, text: str) -> str:
        if text:
            found[place] = text
        return text

    _walk(version, note)
    return found


def in_english(version: ItemVersion) -> ItemVersion:
    """Return `version` with its English texts in place of the Chinese ones, where it has them."""
    english = version.english
    if english is None:
        return version
    texts: Mapping[str, str] = {text.at: text.text for text in english.texts}
    walked = _walk(version, lambda place, text: texts.get(place, text) if text else text)
    return dataclasses.replace(
        walked,
        name=english.name,
        summary=english.summary,
        onsite_reason=english.onsite_reason or version.onsite_reason,
        declaration=english.declaration or version.declaration,
        result=dataclasses.replace(walked.result, name=english.result or version.result.name),
    )


def untranslated(version: ItemVersion) -> list[str]:
    """Return the places of the guide that have no English text."""
    places = translatable(version)
    if version.english is None:
        return list(places)
    done = {text.at for text in version.english.texts}
    return [place for place in places if place not in done]


def _walk(version: ItemVersion, text: Callable[[str, str], str]) -> ItemVersion:
    """Return `version` with `text(place, chinese)` in place of each text."""

    def question(one: Question) -> Question:
        at = f"questions.{one.id}"
        return dataclasses.replace(
            one,
            label=text(at, one.label),
            hint=text(f"{at}.hint", one.hint),
            unit=text(f"{at}.unit", one.unit),
            options=tuple(
                dataclasses.replace(option, label=text(f"{at}.{option.value}", option.label))
                for option in one.options
            ),
        )

    return dataclasses.replace(
        version,
        conditions=tuple(text(f"conditions.{n}", one) for n, one in enumerate(version.conditions)),
        rights=tuple(text(f"rights.{n}", one) for n, one in enumerate(version.rights)),
        duties=tuple(text(f"duties.{n}", one) for n, one in enumerate(version.duties)),
        questionnaire=tuple(question(one) for one in version.questionnaire),
        sections=tuple(
            dataclasses.replace(
                section,
                title=text(f"sections.{section.id}", section.title),
                questions=tuple(question(one) for one in section.questions),
                repeats=section.repeats
                and dataclasses.replace(
                    section.repeats,
                    noun=text(f"sections.{section.id}.noun", section.repeats.noun),
                    ask=text(f"sections.{section.id}.ask", section.repeats.ask),
                    unit=text(f"sections.{section.id}.unit", section.repeats.unit),
                ),
            )
            for section in version.sections
        ),
        materials=tuple(
            dataclasses.replace(
                material,
                name=text(f"materials.{material.id}", material.name),
                fill_notes=text(f"materials.{material.id}.fill_notes", material.fill_notes),
            )
            for material in version.materials
        ),
        flow=tuple(
            dataclasses.replace(
                step, name=text(f"flow.{n}", step.name), text=text(f"flow.{n}.text", step.text)
            )
            for n, step in enumerate(version.flow)
        ),
        handling_items=tuple(
            dataclasses.replace(one, name=text(f"handling.{one.code[-2:]}", one.name))
            for one in version.handling_items
        ),
        scenarios=tuple(
            dataclasses.replace(one, name=text(f"scenarios.{one.id}", one.name))
            for one in version.scenarios
        ),
        faq=tuple(
            dataclasses.replace(
                one,
                question=text(f"faq.{n}.question", one.question),
                answer=text(f"faq.{n}.answer", one.answer),
            )
            for n, one in enumerate(version.faq)
        ),
        fees=tuple(
            dataclasses.replace(one, name=text(f"fees.{n}", one.name))
            for n, one in enumerate(version.fees)
        ),
    )
