"""`yiwang gateway`: departments' own systems, their keys, switching them on and off."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click

from yiwang.cli.output import answer, day_of, json_option, now, operator_actor
from yiwang.exchange.policy.terms import Algorithm, Begin, PartnerKind

DAY = click.DateTime(["%Y-%m-%d"])


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


@click.group()
def gateway() -> None:
    """Connect departments' own systems (部门业务系统对接); acts stand in the trail."""


@gateway.command("list")
@json_option
def list_systems(as_json: bool) -> None:
    """List every system that was ever connected."""
    from yiwang.exchange import queries

    for one in queries.registered(by=operator_actor()):
        live = "开启" if one.live(day_of(now())) else "关闭"
        where = one.address or "文件夹"
        answer(one, f"{one.code}  {one.department}  {live}  {where}  {one.name}", as_json=as_json)


@gateway.command()
@click.argument("code")
@click.option("--name", required=True, help="Name of the system as people know it.")
@click.option("--department", required=True, help="Code of the deciding department.")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in PartnerKind]),
    default=PartnerKind.HTTP.value,
    show_default=True,
    help="http: messages are sent; files: a folder is exchanged.",
)
@click.option("--address", default="", help="Where messages are sent, https://…; only for http.")
@click.option("--item", "item_slug", default="", help="Only cases of this item. Default: all.")
@click.option(
    "--begins",
    type=click.Choice([one.value for one in Begin]),
    default=Begin.ACCEPTED.value,
    show_default=True,
    help="From which moment on a case is sent.",
)
@click.option("--from", "valid_from", type=DAY, help="First day. Default: today.")
@click.option("--until", "valid_until", type=DAY, help="First day on which it is over.")
def register(
    code: str,
    name: str,
    department: str,
    kind: str,
    address: str,
    item_slug: str,
    begins: str,
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> None:
    """Connect a system under CODE; make its keys next.

    Exit status 0: connected. 2: refused; the sentence says what would put it right.
    """
    from yiwang.exchange import services

    at = now()
    services.register_partner(
        code=code,
        name=name,
        department=department,
        kind=PartnerKind(kind),
        address=address,
        item_slug=item_slug,
        begins=Begin(begins),
        valid_from=_day(valid_from) or day_of(at),
        valid_until=_day(valid_until),
        by=operator_actor(),
        at=at,
    )
    click.echo(f"已登记 {code}，请接着生成密钥：yiwang gateway keys {code}")


@gateway.command()
@click.argument("code")
@click.option(
    "--algorithm",
    type=click.Choice([one.value for one in Algorithm]),
    default=Algorithm.HMAC_SHA256.value,
    show_default=True,
    help="How both sides sign.",
)
@click.option(
    "--public",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With ed25519: file with the department's public key, PEM.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write the keys to, readable by its owner only; hand it over and delete it.",
)
def keys(code: str, algorithm: str, public: Path | None, target: Path) -> None:
    """Make fresh keys for CODE; the department's old key is taken for another 24 hours."""
    import os

    from yiwang.exchange import services

    made = services.make_keys(
        code=code,
        algorithm=Algorithm(algorithm),
        public=public.read_text() if public else "",
        by=operator_actor(),
        at=now(),
    )
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(made), file, indent=1)
        file.write("\n")
    click.echo(f"密钥已写入 {target}，请交给部门后删除。")


@gateway.command()
@click.argument("code")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--reason", required=True, help="Why; kept in the trail.")
def switch(code: str, state: str, reason: str) -> None:
    """Switch the system CODE on or off; what waits stays waiting."""
    from yiwang.exchange import services

    services.switch_partner(
        code=code, on=state == "on", reason=reason, by=operator_actor(), at=now()
    )
    click.echo(f"{code} 已{'开启' if state == 'on' else '关闭'}。")
