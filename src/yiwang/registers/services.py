"""Acts on the registers: save, confirm, show in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pgtrigger
from django.db import connection, transaction
from django.db.models import BinaryField, Func, IntegerField, Value
from django.utils import timezone

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import citizen_id
from yiwang.kernel.identifiers import uscc as uscc_code
from yiwang.kernel.identifiers.checked import normalise
from yiwang.organisations.permissions import Actor, Permission
from yiwang.registers import access, sealing
from yiwang.registers.models import LegalEntity, Person, Place, UsccException
from yiwang.registers.policy import field_crypto, pinyin, records
from yiwang.registers.policy.terms import EntityStatus, Gender, kind_of
from yiwang.registers.queries import (
    PERSONAL,
    EntityView,
    PersonView,
    PlaceView,
    Prefilled,
    entity,
    entity_answers,
    person,
    person_answers,
    person_id,
    place,
)


class NumberInvalidError(RefusedError):
    """A number fails its check."""

    code = "registers.number_invalid"


class StaleRecordError(RefusedError):
    """Older data would overwrite newer."""

    code = "registers.stale_record"


class RevealRefusedError(RefusedError):
    """The field cannot be shown."""

    code = "registers.reveal_refused"


def _today(at: datetime) -> date:
    return timezone.localtime(at).date()


def _wait_for(key: bytes) -> None:
    """Let two entries of one new record come one after the other, until the transaction ends."""
    digest = hashlib.sha256(b"registers:" + key).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)]
        )


def _refuse_stale(held: date, given: date) -> None:
    if given < held:
        raise StaleRecordError(
            f"库中记录的数据日期为 {held:%Y-%m-%d}，比提交的 {given:%Y-%m-%d} 新，"
            "不能用旧数据覆盖；如确有差错，请以核实当日为数据日期更正。"
        )


@transaction.atomic
def save_person(
    *,
    id_number: str,
    name: str,
    source: str,
    by: Actor,
    at: datetime,
    source_as_of: date | None = None,
    hukou_division: str = "",
    hukou_town: str = "",
    hukou_address: str = "",
    address: str = "",
    phone: str = "",
    archive: bool = False,
) -> PersonView:
    """Enter a person, or bring the record up to date; found again by the number.

    Birth date and gender are read from the number, never asked.

    Args:
        id_number: 18 characters; 15 digits only with `archive`.
        name: As on the card; rare characters are welcome.
        source: Where the data come from, shown to readers.
        by: Staff that receive cases, or a named program.
        at: Moment of entry.
        source_as_of: Day the data stand for; the day of `at` when left out.
        hukou_division: GB/T 2260 code, 6 digits.
        hukou_town: Town code, 9 digits.
        hukou_address: Where the household is registered (户籍地址).
        address: Where the person lives.
        phone: Mobile number, 11 digits; empty removes it.
        archive: The record comes from an archive, where numbers of 15 digits are right.

    Raises:
        PermissionRefusedError: `by` may not write.
        NumberInvalidError: the number fails its check.
        RecordRefusedError: another value is wrong.
        StaleRecordError: the register holds newer data.
    """
    access.require_writer(by)
    today = _today(at)
    as_of = source_as_of or today
    checked = citizen_id.check(normalise(id_number), on=today, archive=archive)
    if not checked.ok:
        raise NumberInvalidError(checked.message)
    born_on = date.fromisoformat(checked.parts["born_on"])
    records.check_day(as_of, what="数据日期", today=today)
    if born_on > as_of:
        raise records.RecordRefusedError("数据日期不能早于出生日期，请核对。")
    records.check_codes(division=hukou_division, town=hukou_town)
    mobile = records.clean_mobile(phone)
    plain_name = records.clean_person_name(name)
    number_index = sealing.index(checked.value, field=sealing.NUMBER)
    _wait_for(number_index)
    held = Person.objects.select_for_update().filter(number_index=number_index).first()
    if held is not None:
        _refuse_stale(held.source_as_of, as_of)
    row = held or Person(
        number_index=number_index, gender=Gender(checked.parts["gender"]).value, born_on=born_on
    )
    if held is None:
        row.number_sealed = sealing.seal(checked.value, person_id=row.id, field=sealing.NUMBER)
    row.name = plain_name
    row.name_pinyin = pinyin.name_key(plain_name)
    row.hukou_division = hukou_division
    row.hukou_town = hukou_town
    row.hukou_address = records.clean_address(hukou_address)
    row.address = records.clean_address(address)
    row.phone_sealed = (
        sealing.seal(mobile, person_id=row.id, field=sealing.PHONE) if mobile else None
    )
    row.phone_index = sealing.index(mobile, field=sealing.PHONE) if mobile else None
    row.source = records.clean_source(source)
    row.source_as_of = as_of
    row.loaded_at = at
    row.save(force_insert=held is None)
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.save_person",
        target=row.ref,
        detail={"new": held is None, "source": row.source},
        ip=by.ip,
    )
    return person(row.ref)


@transaction.atomic
def save_entity(
    *,
    uscc: str,
    name: str,
    source: str,
    by: Actor,
    at: datetime,
    source_as_of: date | None = None,
    status: EntityStatus = EntityStatus.ACTIVE,
    address: str = "",
    town_code: str = "",
    industry_code: str = "",
    representative_ref: str = "",
    representative_name: str = "",
    established_on: date | None = None,
    phone: str = "",
    capital_cny: int | None = None,
) -> EntityView:
    """Enter a legal entity, or bring the record up to date; found again by the code.

    The kind of body is read from the code, never asked. A code whose check character is wrong
    is taken only after `confirm_uscc_exception`.

    Raises:
        PermissionRefusedError: `by` may not write.
        NumberInvalidError: the code fails its check and is no confirmed exception.
        RecordRefusedError: another value is wrong.
        StaleRecordError: the register holds newer data.
    """
    access.require_writer(by)
    today = _today(at)
    as_of = source_as_of or today
    code = _checked_uscc(uscc)
    records.check_day(as_of, what="数据日期", today=today)
    records.check_day(established_on, what="成立日期", today=as_of)
    records.check_codes(town=town_code, industry=industry_code)
    records.check_capital(capital_cny)
    records.check_person_ref(representative_ref)
    if representative_ref and not representative_name:
        representative_name = person(representative_ref).name
    _wait_for(code.encode())
    held = LegalEntity.objects.select_for_update().filter(uscc=code).first()
    if held is not None:
        _refuse_stale(held.source_as_of, as_of)
    row = held or LegalEntity(uscc=code)
    row.name = records.clean_entity_name(name)
    row.name_pinyin = pinyin.entity_key(row.name)
    row.kind = kind_of(code).value
    row.status = status.value
    row.address = records.clean_address(address)
    row.town_code = town_code
    row.industry_code = industry_code
    row.representative_ref = representative_ref
    row.representative_name = (
        records.clean_person_name(representative_name) if representative_name else ""
    )
    row.established_on = established_on
    row.phone = records.clean_phone(phone)
    row.capital_cny = capital_cny
    row.source = records.clean_source(source)
    row.source_as_of = as_of
    row.loaded_at = at
    row.save(force_insert=held is None)
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.save_entity",
        target=row.ref,
        detail={"new": held is None, "source": row.source},
        ip=by.ip,
    )
    return entity(row.ref)


def _checked_uscc(value: str) -> str:
    checked = uscc_code.check(normalise(value))
    if checked.ok:
        return checked.value
    if checked.confirmable and UsccException.objects.filter(uscc=checked.value).exists():
        return checked.value
    raise NumberInvalidError(checked.message)


@transaction.atomic
def save_place(
    *,
    address: str,
    town_code: str,
    source: str,
    by: Actor,
    at: datetime,
    source_as_of: date | None = None,
    lon: float | None = None,
    lat: float | None = None,
) -> PlaceView:
    """Enter an address, or bring it up to date; found again by town and address.

    Raises:
        PermissionRefusedError: `by` may not write.
        RecordRefusedError: a value is wrong.
        StaleRecordError: the register holds newer data.
    """
    access.require_writer(by)
    as_of = source_as_of or _today(at)
    records.check_day(as_of, what="数据日期", today=_today(at))
    where = records.clean_address(address)
    if not where:
        raise records.RecordRefusedError("地址不能为空，请写到门牌号。")
    if not town_code:
        raise records.RecordRefusedError("请选择地址所在的街镇。")
    records.check_codes(town=town_code)
    records.check_coordinates(lon, lat)
    _wait_for(f"{town_code} {where}".encode())
    held = Place.objects.select_for_update().filter(town_code=town_code, address=where).first()
    if held is not None:
        _refuse_stale(held.source_as_of, as_of)
    row = held or Place(address=where, town_code=town_code)
    row.lon = None if lon is None else records.degrees(lon)
    row.lat = None if lat is None else records.degrees(lat)
    row.source = records.clean_source(source)
    row.source_as_of = as_of
    row.loaded_at = at
    row.save(force_insert=held is None)
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.save_place",
        target=str(row),
        detail={"new": held is None, "source": row.source},
        ip=by.ip,
    )
    return place(str(row))


@transaction.atomic
def confirm_uscc_exception(
    *, uscc: str, reason: str, evidence: str, by: Actor, at: datetime, department: str = ""
) -> None:
    """Let a code in whose check character is wrong but which is really in use (早期赋码).

    Only a failed check character can be confirmed, never a wrong form.

    Args:
        uscc: The code.
        reason: Why it is right all the same; at least 4 characters.
        evidence: What was looked at, such as the licence and its number; at least 4 characters.
        by: A reviewer.
        at: Moment of confirmation.
        department: Where the reviewer acts; empty looks at all posts.

    Raises:
        PermissionRefusedError: `by` is no reviewer.
        NumberInvalidError: the code is right, or its form is wrong, or it is confirmed already.
        RecordRefusedError: reason or evidence is missing.
    """
    access.require_somewhere(by, Permission.CASE_REVIEW, department=department)
    checked = uscc_code.check(normalise(uscc))
    if checked.ok:
        raise NumberInvalidError("该统一社会信用代码校验无误，不需要例外确认，可直接录入。")
    if not checked.confirmable:
        raise NumberInvalidError(checked.message)
    why = records.check_reason(reason, what="理由")
    proof = records.check_reason(evidence, what="依据")
    _, created = UsccException.objects.get_or_create(
        uscc=checked.value,
        defaults={
            "reason": why,
            "evidence": proof,
            "confirmed_by": by.ref,
            "confirmed_at": at,
        },
    )
    if not created:
        raise NumberInvalidError("该统一社会信用代码已经确认过，可直接录入。")
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.confirm_uscc_exception",
        target=f"entity:{checked.value}",
        detail={"reason": why, "evidence": proof},
        department=department,
        ip=by.ip,
    )


def reveal_answers(
    *, ref: str, keys: Iterable[str], purpose: str, by: Actor, at: datetime, department: str = ""
) -> dict[str, str]:
    """Show several hidden answers whole in one look; the trail names exactly what was shown.

    Args:
        ref: `person:<hex>` or `entity:<uscc>`.
        keys: Keys of `queries.PERSONAL`; those that the register does not answer are left out.
        purpose: Why; at least 4 characters. The person concerned can read it.
        by: The person themself, or staff with PERSON_REVEAL.
        at: Moment of the look.
        department: Where the member of staff acts; empty looks at all posts.

    Raises:
        PermissionRefusedError: `by` is neither.
        RecordRefusedError: no purpose.
        RevealRefusedError: nothing hidden was asked for.
        LookupError: nothing is registered under `ref`.
    """
    _require_reader(by, ref, department=department)
    why = records.check_reason(purpose, what="查看用途")
    answers = _answers_in_full(ref)
    shown = {key: answers[key].value for key in keys if key in PERSONAL and key in answers}
    if not shown:
        raise RevealRefusedError("没有可以查看完整内容的登记信息，页面上显示的已经是完整内容。")
    audit.record_read(
        at=at,
        actor=by.ref,
        target=ref,
        fields=sorted({PERSONAL[key] for key in shown}),
        purpose=why,
        department=department,
        ip=by.ip,
    )
    return shown


@transaction.atomic
def prefill_in_full(
    *, ref: str, purpose: str, by: Actor, at: datetime, department: str = ""
) -> dict[str, Prefilled]:
    """Return what `queries.prefill` does with nothing hidden; traced like a look.

    Raises:
        PermissionRefusedError: `by` is neither the person themself nor staff with
            PERSON_REVEAL.
        RecordRefusedError: no purpose.
        LookupError: nothing is registered under `ref`.
    """
    _require_reader(by, ref, department=department)
    why = records.check_reason(purpose, what="查看用途")
    answers = _answers_in_full(ref)
    kind = ref.partition(":")[0]
    audit.record_read(
        at=at,
        actor=by.ref,
        target=ref,
        fields=sorted(field for key, field in PERSONAL.items() if key.startswith(f"{kind}.")),
        purpose=why,
        department=department,
        ip=by.ip,
    )
    return answers


def _answers_in_full(ref: str) -> dict[str, Prefilled]:
    if ref.startswith("person:"):
        return person_answers(_person_row(ref), in_full=True)
    return entity_answers(_entity_row(ref), in_full=True)


def _require_reader(by: Actor, ref: str, *, department: str) -> None:
    if not by.acts_for(ref):
        access.require_somewhere(by, Permission.PERSON_REVEAL, department=department)


def _person_row(ref: str) -> Person:
    row = Person.objects.filter(pk=person_id(ref)).first()
    if row is None:
        raise LookupError(f"no person {ref}")
    return row


def _entity_row(ref: str) -> LegalEntity:
    row = LegalEntity.objects.filter(uscc=ref.removeprefix("entity:")).first()
    if row is None or not ref.startswith("entity:"):
        raise LookupError(f"no entity {ref}")
    return row


def _key_id(column: str) -> Func:
    return Func(
        column,
        Value(len(field_crypto.VERSION) + 1, output_field=IntegerField()),
        Value(field_crypto.KEY_ID_BYTES, output_field=IntegerField()),
        function="substr",
        output_field=BinaryField(),
    )


@contextmanager
def _no_history() -> Iterator[None]:
    """Write no history of persons until the end of the block, or of the transaction.

    As `pgtrigger.ignore`, which sends its setting and each statement as one: the server, which
    binds our statements itself, takes one at a time.
    """
    ((model, trigger),) = pgtrigger.registered("registers.Person:changed_update")
    setting = "SELECT set_config('pgtrigger.ignore', %s, true)"
    with connection.cursor() as cursor:
        cursor.execute(setting, [f"{{{trigger.get_pgid(model)}}}"])
    yield
    with connection.cursor() as cursor:
        cursor.execute(setting, [""])


@transaction.atomic
def reseal_persons(*, by: Actor, at: datetime, limit: int = 1_000) -> int:
    """Encrypt up to `limit` persons anew whose number is under an older key (密钥轮换).

    Call again until it returns 0. Row history keeps what it holds, so an old key may leave the
    settings only when history may be forgotten too; nothing is added to history by this act.

    Args:
        by: Holds SYSTEM_MANAGE, or a named program.
        at: Moment of the act.
        limit: Most rows in one transaction.

    Returns:
        How many persons were encrypted anew.

    Raises:
        PermissionRefusedError: `by` is neither.
        FieldCryptoError: the key of a row is no longer in the settings.
    """
    if not by.ref.startswith(access.PROGRAMS):
        access.require_somewhere(by, Permission.SYSTEM_MANAGE)
    newest = sealing.keys().newest
    rows = (
        Person.objects.select_for_update(skip_locked=True)
        .alias(key_id=_key_id("number_sealed"))
        .exclude(key_id=newest)
        .order_by("pk")[:limit]
    )
    count = 0
    with _no_history():
        for row in rows:
            changes: dict[str, Any] = {
                field: sealing.seal(
                    sealing.unseal(sealed, person_id=row.id, field=name),
                    person_id=row.id,
                    field=name,
                )
                for field, name, sealed in (
                    ("number_sealed", sealing.NUMBER, row.number_sealed),
                    ("phone_sealed", sealing.PHONE, row.phone_sealed),
                )
                if sealed is not None
            }
            Person.objects.filter(pk=row.pk).update(**changes)
            count += 1
    if count:
        audit.record(
            at=at,
            actor=by.ref,
            act="registers.reseal_persons",
            target="register:persons",
            detail={"count": count, "key": newest.hex()},
            ip=by.ip,
        )
    return count
