"""`yiwang demo`: an invented district to try everything in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import click

from yiwang.cli.output import now, operator_actor
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

PASSWORD = "Yiwang-demo-2026"  # noqa: S105 - printed at every start, for invented accounts only
SEED = "yiwang"
PERSONS_PER_ENTERPRISE = 2
CENTRE = "centre"
"""Code of the department whose counter takes cases in for all others."""

TOWN_CENTRE = "nanxiang-centre"
"""Code of the centre of a town at whose window a demo account sits, in districts that have it."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class StaffAccount:
    """One demo account per post; `departments` empty: every department that decides an item.

    Where none of its departments exists it holds the post in those that decide, or, when it is
    `only` for them, is not made.
    """

    login: str
    name: str
    post: Post
    departments: tuple[str, ...] = ()
    only: bool = False


STAFF = (
    StaffAccount(login="clerk", name="窗口演示员", post=Post.COUNTER_CLERK, departments=(CENTRE,)),
    StaffAccount(
        login="townclerk",
        name="街镇窗口演示员",
        post=Post.COUNTER_CLERK,
        departments=(TOWN_CENTRE,),
        only=True,
    ),
    StaffAccount(login="reviewer", name="审查演示员", post=Post.REVIEWER),
    StaffAccount(login="approver", name="审批演示员", post=Post.APPROVER),
    StaffAccount(login="head", name="负责人演示员", post=Post.DEPARTMENT_HEAD),
    StaffAccount(login="supervisor", name="监管演示员", post=Post.SUPERVISOR),
    StaffAccount(login="owner", name="事项演示员", post=Post.ITEM_OWNER),
    StaffAccount(login="archivist", name="档案演示员", post=Post.ARCHIVIST),
    StaffAccount(login="legal", name="法制演示员", post=Post.LEGAL_OFFICER),
    StaffAccount(
        login="checker",
        name="事项审核演示员",
        post=Post.ITEM_CHECKER,
        departments=(EVERYWHERE,),
    ),
    StaffAccount(
        login="leader", name="区领导演示员", post=Post.DISTRICT_LEADER, departments=(EVERYWHERE,)
    ),
    StaffAccount(
        login="sysadmin", name="系统管理演示员", post=Post.SYSTEM_ADMIN, departments=(EVERYWHERE,)
    ),
    StaffAccount(
        login="secadmin", name="安全管理演示员", post=Post.SECURITY_ADMIN, departments=(EVERYWHERE,)
    ),
    StaffAccount(
        login="auditor", name="审计管理演示员", post=Post.AUDIT_ADMIN, departments=(EVERYWHERE,)
    ),
)

APPLICANTS = {
    "citizen": "youth",
    "mother": "mother",
    "restaurant": "restaurateur",
    "pharmacy": "pharmacist",
    "builder": "builder",
    "retiree": "retiree",
}
"""Login -> member of the cast; the elder has no account and comes to the counter."""

LEADS = {
    "restaurateur": "restaurant",
    "pharmacist": "pharmacy",
    "youth": "snack_bar",
    "builder": "construction",
}
"""Member of the cast -> the firm whose legal representative they are."""


@dataclass(frozen=True, kw_only=True)
class Stock:
    """A licence that a member of the cast holds from elsewhere; it need not be handed in."""

    holder: str
    type_code: str
    number: str
    fields: tuple[tuple[str, str], ...]


STOCK = (
    Stock(
        holder="construction",
        type_code="planning_permit",
        number="演建2025-000001",
        fields=(("工程名称", "示例厂房新建工程"), ("建设位置", "上海市嘉定区安亭镇示例路1号")),
    ),
    Stock(
        holder="construction",
        type_code="land_approval",
        number="演地2025-000001",
        fields=(("用地位置", "上海市嘉定区安亭镇示例路1号"), ("用地面积", "20000平方米")),
    ),
    Stock(
        holder="youth",
        type_code="driving_licence",
        number="310114000001",
        fields=(("准驾车型", "C1"), ("初次领证日期", "2020年6月1日")),
    ),
    Stock(
        holder="mother",
        type_code="birth_certificate",
        number="演生2026000001",
        fields=(("新生儿姓名", "周示意"), ("出生日期", "2026年8月8日")),
    ),
)


def prepare(*, enterprises: int, at: datetime, progress: Progress | None) -> None:
    """Make the invented population, the cast and the accounts; what is there already stays.

    Args:
        enterprises: Firms beside the cast.
        at: Moment of making.
        progress: Told the stage and the rows done.
    """
    from django.db import transaction

    from yiwang.content import queries as content
    from yiwang.organisations import queries as organisations
    from yiwang.organisations import services
    from yiwang.registers.cast import SETUP, demo_cast
    from yiwang.registers.population import generate_population

    district = content.district()
    if not organisations.login_taken("clerk"):
        generate_population(
            seed=SEED,
            enterprises=enterprises,
            persons=max(1, enterprises * PERSONS_PER_ENTERPRISE),
            towns=[(unit.code, unit.name) for unit in district.town_units]
            or [(f"{district.code}000", district.name)],
            at=at,
            by=SETUP,
            progress=progress,
            city_name=district.city_name.removesuffix("市"),
            district_name=f"{district.city_name}{district.name}",
        )
    cast = demo_cast(at=at)
    _make_staff(at)
    for login, role in APPLICANTS.items():
        if organisations.login_taken(login):
            continue
        person = cast.persons[role]
        with transaction.atomic():
            services.create_applicant_account(
                login=login,
                password=PASSWORD,
                phone="",
                subject_ref=person.ref,
                name=person.name,
                by=SETUP,
                at=at,
                is_demo=True,
            )
            if role in LEADS:
                _let_lead(login, cast.entities[LEADS[role]].ref, at=at, by=SETUP)
    _bring_stock(at=at, by=SETUP)


def _bring_stock(*, at: datetime, by: Actor) -> None:
    from yiwang.cli.output import day_of
    from yiwang.licences import queries, services
    from yiwang.registers.cast import ENTITIES, PERSONS, demo_cast

    cast = demo_cast(at=at)
    for stock in STOCK:
        if stock.holder in PERSONS:
            holder, number = cast.persons[stock.holder].ref, PERSONS[stock.holder].id_number
            name = cast.persons[stock.holder].name
        else:
            holder, number = cast.entities[stock.holder].ref, ENTITIES[stock.holder].uscc
            name = cast.entities[stock.holder].name
        try:
            kind = queries.licence_type(stock.type_code)
        except LookupError:
            continue  # this district's packs do not know the type
        if queries.has_valid(holder, stock.type_code, on=day_of(at)):
            continue
        services.issue_licence(
            type_code=stock.type_code,
            holder_ref=holder,
            holder_name=name,
            holder_number=number,
            issuer=kind.department,
            fields=stock.fields,
            valid_from=day_of(at),
            valid_until=None,
            case_number="",
            by=by,
            at=at,
            number=stock.number,
        )


def _make_staff(at: datetime) -> None:
    from django.db import transaction

    from yiwang.catalogue import queries as catalogue
    from yiwang.cli.output import day_of
    from yiwang.organisations import queries as organisations
    from yiwang.organisations import services

    known = [unit.code for unit in organisations.departments()]
    deciding = sorted({item.department for item in catalogue.items(on=day_of(at))}) or known
    by = operator_actor()
    for account in STAFF:
        own = [one for one in account.departments if one in {EVERYWHERE, *known}]
        if organisations.login_taken(account.login) or (account.only and not own):
            continue
        with transaction.atomic():
            services.create_staff(
                login=account.login,
                name=account.name,
                password=PASSWORD,
                by=by,
                at=at,
                is_demo=True,
            )
            for department in own or deciding:
                services.grant_post(
                    login=account.login, department=department, post=account.post, by=by, at=at
                )


def _let_lead(login: str, entity_ref: str, *, at: datetime, by: Actor) -> None:
    from yiwang.cli.output import day_of
    from yiwang.organisations import services
    from yiwang.organisations.policy.terms import AuthorisationKind

    services.authorise(
        login=login,
        subject_ref=entity_ref,
        kind=AuthorisationKind.LEGAL_REPRESENTATIVE,
        valid_from=day_of(at),
        by=by,
        at=at,
    )


def logins() -> list[str]:
    """Return the lines that tell a newcomer how to sign in."""
    return [
        "演示账号（均为虚构，密码相同）：",
        *(f"  {account.login:<12}{account.post.label}" for account in STAFF),
        f"  {'、'.join(APPLICANTS)}：申请人",
        f"  密码：{PASSWORD}",
        "  工作人员登录的第二步要输入动态码，演示环境会在页面上显示。",
    ]


@click.group()
def demo() -> None:
    """Invented people, firms and accounts; never for real data."""


@demo.command()
@click.option(
    "--enterprises",
    type=click.IntRange(0, 300_000),
    default=2000,
    show_default=True,
    help="Firms to invent, at most 300,000.",
)
def populate(enterprises: int) -> None:
    """Make the invented population, the cast and one account per post.

    Exit status 0: made, or there already. 2: refused, with the reason.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        tasks: dict[str, object] = {}

        def progress(stage: str, done: int, total: int) -> None:
            task = tasks.get(stage)
            if task is None:
                task = tasks[stage] = bar.add_task(stage, total=total)
            bar.update(task, completed=done)  # type: ignore[arg-type]

        prepare(enterprises=enterprises, at=now(), progress=progress)
    for line in logins():
        click.echo(line)
