"""Questions to the registers. Personal numbers, phones and addresses are masked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import citizen_id
from yiwang.kernel.identifiers.checked import normalise
from yiwang.kernel.masking import mask_address, mask_number, mask_phone
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import Actor, Permission
from yiwang.registers import access, sealing
from yiwang.registers.models import LegalEntity, Person, Place, UsccException
from yiwang.registers.policy.records import check_reason
from yiwang.registers.policy.terms import EntityKind, EntityStatus, Gender

PAGE_MAX = 100
SEARCH_MIN = 2
"""Shortest text searched for in names, in characters: one character is no bigram."""

PERSON_SOURCE = "人口库"
ENTITY_SOURCE = "法人库"

PERSONAL: Mapping[str, str] = {
    "person.gender": "gender",
    "person.born_on": "born_on",
    "person.id_number": "id_number",
    "person.phone": "phone",
    "person.hukou": "hukou_address",
    "person.address": "address",
    "entity.legal_representative": "representative_name",
    "entity.phone": "phone",
}
"""Key of `prefill` that pages of staff show masked -> the field that the trail names.

All personal fields but the applicant's own name, which heads every page about them.
"""

_CODE_PREFIX = re.compile(r"^[0-9A-Z]{6,18}$")
_REF = re.compile(r"^person:([0-9a-f]{32})$")


class SearchRefusedError(RefusedError):
    """The text is too short to be searched for."""

    code = "registers.search_refused"


class NumberRefusedError(RefusedError):
    """The number cannot be that of a person."""

    code = "registers.number_refused"


@dataclass(frozen=True, kw_only=True)
class PersonView:
    """A person as staff see one: number, phone and address masked.

    Attributes:
        ref: `person:<hex>`.
        id_number: Masked, `310***********1037`.
        phone: Masked; empty when the person has none.
        address: Down to the town; the rest hidden; so is `hukou_address`.
        has_phone: Whether messages can be sent to the person.
    """

    ref: str
    name: str
    gender: Gender
    born_on: date
    hukou_division: str
    hukou_town: str
    hukou_address: str
    id_number: str
    phone: str
    has_phone: bool
    address: str
    source: str
    source_as_of: date
    loaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonBasics:
    """What hardly changes about a person; no number, no phone, no address."""

    name: str
    gender: Gender
    born_on: date
    hukou_division: str


@dataclass(frozen=True, kw_only=True)
class EntityView:
    """A legal entity; all of it is public but the phone, which is masked.

    Attributes:
        ref: `entity:<uscc>`.
        phone: Masked; often the private phone of the owner.
        representative_ref: `person:<hex>`, or empty when the person is not in the register.
        capital_cny: Registered capital in yuan, or None when there is none.
    """

    ref: str
    uscc: str
    name: str
    kind: EntityKind
    status: EntityStatus
    address: str
    town_code: str
    industry_code: str
    representative_ref: str
    representative_name: str
    established_on: date | None
    phone: str
    capital_cny: int | None
    source: str
    source_as_of: date
    loaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class PlaceView:
    """An address, with coordinates where they are known (CGCS2000 degrees)."""

    ref: str
    address: str
    town_code: str
    lon: float | None
    lat: float | None
    source: str
    source_as_of: date


@dataclass(frozen=True, kw_only=True)
class UsccExceptionView:
    """A code whose check character is wrong and which a reviewer confirmed."""

    uscc: str
    reason: str
    evidence: str
    confirmed_by: str
    confirmed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Prefilled:
    """One answer that a register already holds.

    Attributes:
        value: The value; masked when `masked` is true.
        source_label: Shown beside it, such as “人口库（演示数据，虚构）”.
        as_of: Day the source stands for.
        masked: The value is hidden in part. A form shows it read-only and does not check it;
            `services.reveal_answers` shows all of it.
    """

    value: str
    source_label: str
    as_of: date
    masked: bool = False


@dataclass(frozen=True, kw_only=True)
class EntityPage:
    """Some legal entities in the order of their names' pinyin.

    Attributes:
        rows: At most 100.
        after: Key of the next page, or empty when this is the last.
    """

    rows: list[EntityView]
    after: str


def person_id(ref: str) -> uuid.UUID:
    """Return the primary key that a `person:<hex>` names.

    Raises:
        LookupError: `ref` is of another form.
    """
    match = _REF.match(ref)
    if match is None:
        raise LookupError(f"no person {ref}")
    return uuid.UUID(match.group(1))


def _person_view(row: Person) -> PersonView:
    number = sealing.unseal(row.number_sealed, person_id=row.id, field=sealing.NUMBER)
    phone = (
        ""
        if row.phone_sealed is None
        else sealing.unseal(row.phone_sealed, person_id=row.id, field=sealing.PHONE)
    )
    return PersonView(
        ref=row.ref,
        name=row.name,
        gender=Gender(row.gender),
        born_on=row.born_on,
        hukou_division=row.hukou_division,
        hukou_town=row.hukou_town,
        hukou_address=mask_address(row.hukou_address),
        id_number=mask_number(number),
        phone=mask_phone(phone),
        has_phone=bool(phone),
        address=mask_address(row.address),
        source=row.source,
        source_as_of=row.source_as_of,
        loaded_at=row.loaded_at,
    )


def _entity_view(row: LegalEntity) -> EntityView:
    return EntityView(
        ref=row.ref,
        uscc=row.uscc,
        name=row.name,
        kind=EntityKind(row.kind),
        status=EntityStatus(row.status),
        address=row.address,
        town_code=row.town_code,
        industry_code=row.industry_code,
        representative_ref=row.representative_ref,
        representative_name=row.representative_name,
        established_on=row.established_on,
        phone=mask_phone(row.phone),
        capital_cny=row.capital_cny,
        source=row.source,
        source_as_of=row.source_as_of,
        loaded_at=row.loaded_at,
    )


def person(ref: str) -> PersonView:
    """Return the person `person:<hex>`, masked.

    Raises:
        LookupError: there is none; a page answers 404.
    """
    row = Person.objects.filter(pk=person_id(ref)).first()
    if row is None:
        raise LookupError(f"no person {ref}")
    return _person_view(row)


def person_basics(refs: Iterable[str]) -> dict[str, PersonBasics]:
    """Return what hardly changes about many persons, by ref; one query, the unknown left out."""
    ids = [person_id(ref) for ref in refs if ref.startswith("person:")]
    rows = Person.objects.filter(pk__in=ids).values_list(
        "pk", "name", "gender", "born_on", "hukou_division"
    )
    return {
        f"person:{pk.hex}": PersonBasics(
            name=name, gender=Gender(gender), born_on=born_on, hukou_division=division
        )
        for pk, name, gender, born_on, division in rows
    }


def entity(ref: str) -> EntityView:
    """Return the legal entity `entity:<uscc>`.

    Raises:
        LookupError: there is none; a page answers 404.
    """
    found = find_entity(uscc=ref.removeprefix("entity:")) if ref.startswith("entity:") else None
    if found is None:
        raise LookupError(f"no entity {ref}")
    return found


def find_entity(*, uscc: str) -> EntityView | None:
    """Return the legal entity with the code `uscc`, or None; small letters are accepted."""
    row = LegalEntity.objects.filter(uscc=uscc.strip().upper()).first()
    return None if row is None else _entity_view(row)


@transaction.atomic
def find_person(*, id_number: str, by: Actor, at: datetime, purpose: str) -> PersonView | None:
    """Find a person by the whole citizen number; traced, found or not.

    The trail names the person found, never the number.

    Args:
        id_number: 18 characters; a final x may be small.
        by: Holds PERSON_FIND in some department.
        at: Moment of the search.
        purpose: Why; at least 4 characters, kept in the trail.

    Raises:
        PermissionRefusedError: `by` may not look for persons.
        NumberRefusedError: the number cannot be right.
        RecordRefusedError: no purpose.
    """
    access.require_somewhere(by, Permission.PERSON_FIND)
    why = check_reason(purpose)
    checked = citizen_id.check(normalise(id_number), on=timezone.localtime(at).date())
    if not checked.ok:
        raise NumberRefusedError(checked.message)
    number_index = sealing.index(checked.value, field=sealing.NUMBER)
    row = Person.objects.filter(number_index=number_index).first()
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.find_person",
        target="person:none" if row is None else row.ref,
        detail={"found": row is not None},
        purpose=why,
        ip=by.ip,
    )
    return None if row is None else _person_view(row)


def search_entities(text: str, after: str = "", limit: int = 20) -> EntityPage:
    """List legal entities whose name holds `text`, or whose code begins with it, by pinyin.

    Args:
        text: Two characters or more of the name, or six or more of the code.
        after: `EntityPage.after` of the page before; empty for the first.
        limit: At most 100.

    Raises:
        SearchRefusedError: fewer than two characters.
        PageKeyRefusedError: `after` is not a key that a page gave.
        ValueError: `limit` is outside 1..100.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"limit must be 1..{PAGE_MAX}")
    words = text.strip().replace("(", "（").replace(")", "）").replace("\x00", "")
    if len(words) < SEARCH_MIN:
        raise SearchRefusedError("请至少输入名称中连续的两个字，或统一社会信用代码的前 6 位。")
    rows = LegalEntity.objects.order_by("name_pinyin", "uscc")
    if _CODE_PREFIX.match(words.upper()):
        rows = rows.filter(uscc__startswith=words.upper())
    else:
        rows = rows.named_like(words)
    if after:
        pinyin, between, uscc = after.rpartition("|")
        if not between or "\x00" in after:
            raise PageKeyRefusedError
        rows = rows.filter(Q(name_pinyin__gt=pinyin) | Q(uscc__gt=uscc), name_pinyin__gte=pinyin)
    found = list(rows[: limit + 1])
    page = found[:limit]
    more = len(found) > limit
    return EntityPage(
        rows=[_entity_view(row) for row in page],
        after=f"{page[-1].name_pinyin}|{page[-1].uscc}" if more else "",
    )


def entities_represented_by(person_ref: str, *, limit: int = PAGE_MAX) -> list[EntityView]:
    """List the legal entities whose legal representative is `person_ref`, at most 100."""
    person_id(person_ref)
    rows = LegalEntity.objects.filter(representative_ref=person_ref).order_by("name_pinyin", "uscc")
    return [_entity_view(row) for row in rows[: min(limit, PAGE_MAX)]]


def uscc_exception(uscc: str) -> UsccExceptionView | None:
    """Return why the code `uscc` is taken although its check character is wrong, or None."""
    row = UsccException.objects.filter(uscc=uscc).first()
    if row is None:
        return None
    return UsccExceptionView(
        uscc=row.uscc,
        reason=row.reason,
        evidence=row.evidence,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
    )


def place(ref: str) -> PlaceView:
    """Return the place `place:<hex>`.

    Raises:
        LookupError: there is none.
    """
    try:
        row = Place.objects.get(pk=uuid.UUID(ref.removeprefix("place:")))
    except (ValueError, Place.DoesNotExist) as error:
        raise LookupError(f"no place {ref}") from error
    return PlaceView(
        ref=f"place:{row.id.hex}",
        address=row.address,
        town_code=row.town_code,
        lon=None if row.lon is None else float(row.lon),
        lat=None if row.lat is None else float(row.lat),
        source=row.source,
        source_as_of=row.source_as_of,
    )


def prefill(ref: str) -> dict[str, Prefilled]:
    """Return what the registers hold about `person:…` or `entity:…`, for a form.

    Numbers and phones come masked (`Prefilled.masked`); the rest comes whole, because the applicant
    reads it too. Pages of staff mask what `PERSONAL` names before they show it. Codes of towns
    and industries come as codes. Values that are not known are left out.
    `services.prefill_in_full` hides nothing and leaves a trace.

    Keys:
        `person.name person.gender person.born_on person.hukou person.address person.id_number
        person.phone`; `entity.name entity.uscc entity.kind entity.status entity.address
        entity.town entity.industry entity.legal_representative entity.established_on
        entity.phone entity.capital`.

    Raises:
        LookupError: nothing is registered under `ref`.
    """
    if ref.startswith("person:"):
        row = Person.objects.filter(pk=person_id(ref)).first()
        if row is None:
            raise LookupError(f"no person {ref}")
        return person_answers(row, in_full=False)
    found = LegalEntity.objects.filter(uscc=ref.removeprefix("entity:")).first()
    if found is None or not ref.startswith("entity:"):
        raise LookupError(f"no entity {ref}")
    return entity_answers(found, in_full=False)


def person_answers(row: Person, *, in_full: bool) -> dict[str, Prefilled]:
    """Return the answers that `row` gives; numbers whole only when `in_full`."""
    view = _person_view(row)
    number, phone = view.id_number, view.phone
    if in_full:
        number = sealing.unseal(row.number_sealed, person_id=row.id, field=sealing.NUMBER)
        if row.phone_sealed is not None:
            phone = sealing.unseal(row.phone_sealed, person_id=row.id, field=sealing.PHONE)
    hidden = frozenset() if in_full else frozenset({"person.id_number", "person.phone"})
    values = {
        "person.name": row.name,
        "person.gender": view.gender.label,
        "person.born_on": row.born_on.isoformat(),
        "person.hukou": row.hukou_address,
        "person.address": row.address,
        "person.id_number": number,
        "person.phone": phone,
    }
    return _answers(values, row, label=PERSON_SOURCE, hidden=hidden)


def entity_answers(row: LegalEntity, *, in_full: bool) -> dict[str, Prefilled]:
    """Return the answers that `row` gives; the phone whole only when `in_full`."""
    values = {
        "entity.name": row.name,
        "entity.uscc": row.uscc,
        "entity.kind": EntityKind(row.kind).label,
        "entity.status": EntityStatus(row.status).label,
        "entity.address": row.address,
        "entity.town": row.town_code,
        "entity.industry": row.industry_code,
        "entity.legal_representative": row.representative_name,
        "entity.established_on": row.established_on.isoformat() if row.established_on else "",
        "entity.phone": row.phone if in_full else mask_phone(row.phone),
        "entity.capital": "" if row.capital_cny is None else str(row.capital_cny),
    }
    hidden = frozenset() if in_full else frozenset({"entity.phone"})
    return _answers(values, row, label=ENTITY_SOURCE, hidden=hidden)


def _answers(
    values: dict[str, str], row: Person | LegalEntity, *, label: str, hidden: frozenset[str]
) -> dict[str, Prefilled]:
    return {
        key: Prefilled(
            value=value,
            source_label=f"{label}（{row.source}）",
            as_of=row.source_as_of,
            masked=key in hidden,
        )
        for key, value in values.items()
        if value
    }
