"""The invented population of a demonstration: persons and legal entities, by seed, by COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor
from yiwang.registers import access, sealing
from yiwang.registers.models import LegalEntity, Person, PopulationLoad
from yiwang.registers.policy import field_crypto, invented, records
from yiwang.registers.policy.invented import (
    InventedEntity,
    InventedPerson,
    Representative,
    Town,
)

SOURCE = "演示数据，虚构"
MAX_PERSONS = 1_000_000
MAX_ENTERPRISES = 900_000
LOCK_KEY = 7_204_001
"""Advisory lock of a load: two loads at once wait for each other."""

Progress = Callable[[str, int, int], None]
"""Called with the stage in Chinese, rows done and rows in all."""


class PopulationRefusedError(RefusedError):
    """The invented population cannot be loaded."""

    code = "registers.population_refused"


@dataclass(frozen=True, kw_only=True)
class PopulationReport:
    """What the database holds of the invented population.

    Attributes:
        loaded: False when the same population was there already and nothing was done.
    """

    seed: str
    persons: int
    enterprises: int
    loaded: bool


@transaction.atomic
def generate_population(
    *,
    seed: int | str,
    enterprises: int,
    persons: int,
    towns: Sequence[tuple[str, str]],
    at: datetime,
    by: Actor,
    progress: Progress | None = None,
    city_name: str = "上海",
    district_name: str = "上海市嘉定区",
) -> PopulationReport:
    """Load invented persons and legal entities, all or nothing; a second call changes nothing.

    Rows go in by COPY and leave one line in the trail, not one each. History is not touched: it
    holds rows before a change, and these are new.

    Args:
        seed: Chooses the population; the same seed and day give the same rows.
        enterprises: Legal entities, 0..900,000.
        persons: Persons, 0..1,000,000; at least one when there are enterprises.
        towns: (9-digit code, name) of the towns they live and sit in.
        at: Moment of loading; ages are as on this day.
        by: A named program, or staff that receive cases.
        progress: Called after each block.
        city_name: Begins the names of firms.
        district_name: Written before the town in addresses.

    Raises:
        PermissionRefusedError: `by` may not write.
        PopulationRefusedError: this is no demonstration, the numbers are out of bounds, there
            are no towns, or another population is there.
    """
    access.require_writer(by)
    if not settings.DEMO:
        raise PopulationRefusedError(
            "只有演示环境可以装入虚构人口；如确为演示，请以 YIWANG_DEMO=1 启动。"
        )
    places = _checked(towns=towns, enterprises=enterprises, persons=persons)
    name = str(seed).strip()
    if not name or len(name) > 40:
        raise PopulationRefusedError("种子应为 1 至 40 个字符。")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
    held = PopulationLoad.objects.first()
    if held is not None:
        if (held.seed, held.persons, held.enterprises) != (name, persons, enterprises):
            raise PopulationRefusedError(
                f"已装入另一套演示人口（种子 {held.seed}，自然人 {held.persons}，"
                f"法人 {held.enterprises}）；请先用 make demo-reset 清空，再换种子或数量。"
            )
        return PopulationReport(seed=name, persons=persons, enterprises=enterprises, loaded=False)

    as_of = timezone.localtime(at).date()
    tell = progress or _silent
    adults: list[Representative] = []
    _copy_persons(
        invented.persons(
            seed=name, count=persons, towns=places, as_of=as_of, district_name=district_name
        ),
        total=persons,
        adults=adults,
        as_of=as_of,
        at=at,
        tell=tell,
    )
    if enterprises:
        _copy_entities(
            invented.entities(
                seed=name,
                count=enterprises,
                towns=places,
                representatives=adults,
                as_of=as_of,
                city_name=city_name,
                district_name=district_name,
            ),
            total=enterprises,
            as_of=as_of,
            at=at,
            tell=tell,
        )
    with connection.cursor() as cursor:
        # Only the owner may analyse a table; the function, made with the tables, is the owner's.
        cursor.execute("SELECT registers_refresh_statistics()")
    PopulationLoad.objects.create(
        seed=name, persons=persons, enterprises=enterprises, loaded_at=at, loaded_by=by.ref
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="registers.generate_population",
        target="register:population",
        detail={"seed": name, "persons": persons, "enterprises": enterprises},
        ip=by.ip,
    )
    return PopulationReport(seed=name, persons=persons, enterprises=enterprises, loaded=True)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _checked(*, towns: Sequence[tuple[str, str]], enterprises: int, persons: int) -> list[Town]:
    if not 0 <= persons <= MAX_PERSONS or not 0 <= enterprises <= MAX_ENTERPRISES:
        raise PopulationRefusedError(
            f"自然人应为 0 至 {MAX_PERSONS:,}，法人应为 0 至 {MAX_ENTERPRISES:,}。"
        )
    if enterprises and not persons:
        raise PopulationRefusedError("法人需要法定代表人，请至少生成 1 名自然人。")
    if not towns:
        raise PopulationRefusedError("没有街镇，请先装入区的内容包，再生成演示人口。")
    for code, name in towns:
        if not code:
            raise PopulationRefusedError("街镇缺少代码，请在区的内容包中补上 9 位代码。")
        records.check_codes(town=code)
        if "\\" in name:
            raise PopulationRefusedError("街镇名称中不能有反斜线，请在区的内容包中改正。")
    return [Town(code, records.clean_address(name)) for code, name in towns]


PERSON_COLUMNS = (
    "id, name, name_pinyin, gender, born_on, hukou_division, hukou_town, "
    "hukou_address, address, number_sealed, number_index, phone_sealed, phone_index, "
    "source, source_as_of, loaded_at"
)
ENTITY_COLUMNS = (
    "uscc, name, name_pinyin, kind, status, address, town_code, industry_code, "
    "representative_ref, representative_name, established_on, phone, capital_cny, "
    "source, source_as_of, loaded_at"
)


def _copy_persons(
    rows: Iterator[InventedPerson],
    *,
    total: int,
    adults: list[Representative],
    as_of: date,
    at: datetime,
    tell: Progress,
) -> None:
    tail = f"\t{SOURCE}\t{as_of.isoformat()}\t{at.isoformat()}\n"
    keys, index_key = sealing.keys(), field_crypto.index_key(settings.INDEX_KEY)

    def seal(value: str, row: InventedPerson, field: str) -> str:
        if not value:
            return "\\N\t\\N"
        sealed = field_crypto.encrypt(value, keys=keys, context=sealing.context(row.id, field))
        found_by = field_crypto.blind_index(value, key=index_key, field=field)
        return f"\\\\x{sealed.hex()}\t\\\\x{found_by.hex()}"

    def line(row: InventedPerson) -> str:
        years = invented.years_between(row.born_on, as_of)
        if years >= invented.ADULT_YEARS and len(adults) < invented.MAX_REPRESENTATIVES:
            adults.append(Representative(f"person:{row.id.hex}", row.name, row.born_on))
        return (
            f"{row.id}\t{row.name}\t{row.name_pinyin}\t{row.gender.value}\t"
            f"{row.born_on.isoformat()}\t{row.hukou_division}\t{row.hukou_town}\t"
            f"{row.hukou_address}\t{row.address}\t{seal(row.id_number, row, sealing.NUMBER)}\t"
            f"{seal(row.phone, row, sealing.PHONE)}{tail}"
        )

    store = partial(_insert_block, Person._meta.db_table, PERSON_COLUMNS)
    _load(store, map(line, rows), stage="自然人", total=total, tell=tell)


def _copy_entities(
    rows: Iterator[InventedEntity], *, total: int, as_of: date, at: datetime, tell: Progress
) -> None:
    tail = f"\t{SOURCE}\t{as_of.isoformat()}\t{at.isoformat()}\n"

    def line(row: InventedEntity) -> str:
        return (
            f"{row.uscc}\t{row.name}\t{row.name_pinyin}\t{row.kind.value}\t{row.status.value}\t"
            f"{row.address}\t{row.town_code}\t{row.industry_code}\t{row.representative_ref}\t"
            f"{row.representative_name}\t{row.established_on.isoformat()}\t{row.phone}\t"
            f"{row.capital_cny}{tail}"
        )

    store = partial(_copy_block, LegalEntity._meta.db_table, ENTITY_COLUMNS)
    _load(store, map(line, rows), stage="法人", total=total, tell=tell)


def _copy_block(table: str, columns: str, lines: Sequence[str]) -> None:
    """Copy `lines`, which hold no tab, line break or backslash in a value."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        copy.write("".join(lines))


def _insert_block(table: str, columns: str, lines: Sequence[str]) -> None:
    """Copy `lines` beside the table and insert them from there.

    A table with row security takes no COPY from the serving role.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE arriving (LIKE {table}) ON COMMIT DROP")
        _copy_block("arriving", columns, lines)
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM arriving"  # noqa: S608 - our own names
        )
        cursor.execute("DROP TABLE arriving")


def _load(
    store: Callable[[Sequence[str]], None],
    lines: Iterable[str],
    *,
    stage: str,
    total: int,
    tell: Progress,
) -> None:
    """Store `lines` in blocks, so that memory does not grow with their number."""
    source, done = iter(lines), 0
    while block := list(islice(source, invented.BLOCK)):
        store(block)
        done += len(block)
        tell(stage, done, total)
