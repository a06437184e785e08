"""Commands for those who run a district."""

from __future__ import annotations

import click

from yiwang.cli.agency import agency
from yiwang.cli.archive import archive
from yiwang.cli.automatic import automatic
from yiwang.cli.bans import bans
from yiwang.cli.cases import cases
from yiwang.cli.catalogue import catalogue
from yiwang.cli.demo import demo
from yiwang.cli.gateway import gateway
from yiwang.cli.laws import laws
from yiwang.cli.norms import norms
from yiwang.cli.notices import notices
from yiwang.cli.packs import packs
from yiwang.cli.scope import scope
from yiwang.cli.search import search
from yiwang.cli.trail import trail
from yiwang.cli.users import users


@click.group()
def operator() -> None:
    """Hold the operator's commands; `config.main` adds those that start things."""


for _command in (
    packs,
    catalogue,
    users,
    cases,
    automatic,
    bans,
    trail,
    laws,
    norms,
    scope,
    search,
    notices,
    archive,
    agency,
    gateway,
    demo,
):
    operator.add_command(_command)
