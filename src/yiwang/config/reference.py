"""The reference pages of the documents, written from the code; a test holds them.

`python -m yiwang.config.reference` writes them.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import click

from yiwang.config import env

FOLDER = env.ROOT / "docs" / "reference"
WRITTEN = "This page is written from the code by `make reference`; a test holds it."


def pages() -> dict[str, str]:
    """Return file name -> text of every page; needs Django to be set up."""
    return {
        "settings.md": env.markdown(),
        "terms.md": terms(),
        "permissions.md": permissions(),
        "commands.md": commands(),
        "addresses.md": addresses(),
        "events.md": events(),
        "figures.md": figures(),
    }


def _modules() -> Iterator[object]:
    import yiwang

    for found in pkgutil.walk_packages(yiwang.__path__, "yiwang."):
        if ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").splitlines()[0] if inspect.getdoc(thing) else ""


def terms() -> str:
    """Return every closed list with its stored values and official labels."""
    from yiwang.kernel.terms import Term

    lists = {
        f"{thing.__module__}.{thing.__name__}": thing
        for module in _modules()
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Term) and thing is not Term
    }
    lines = ["# Closed lists", "", WRITTEN]
    for name in sorted(lists):
        lines += ["", f"## `{name.removeprefix('yiwang.')}`", "", _first_line(lists[name]), ""]
        lines += _table(
            ["Stored", "Label"], [[f"`{member.value}`", member.label] for member in lists[name]]
        )
    return "\n".join([*lines, ""])


def figures() -> str:
    """Return the figures of the catalogue with their definitions."""
    from yiwang.catalogue.policy.reports import DEFINITIONS, report

    lines = ["# Figures of the catalogue", "", WRITTEN, ""]
    lines.append(
        "Pages: `/reports/items/`; HTTP: `/api/v1/catalogue/reports`. A text "
        "`plan.items.<figure>` of a pack is shown beside a figure as what the plan says."
    )
    for group, members in report([]).items():
        found = DEFINITIONS[group]
        lines += ["", f"## {group.label} (`{group.value}`)", "", found.text, "", found.text_en, ""]
        lines += [f"Source: {found.source}", ""]
        lines += _table(
            ["Figure", "Label"], [[f"`{one.key.value}`", one.key.label] for one in members]
        )
    return "\n".join([*lines, ""])


def permissions() -> str:
    """Return the permission table: posts across, permissions down."""
    from yiwang.organisations.permissions import GRANTS, Permission, Post

    rows = [
        [
            f"`{permission.value}` {permission.label}",
            *("●" if permission in GRANTS[post] else "" for post in Post),
        ]
        for permission in Permission
    ]
    head = ["Permission", *(post.label for post in Post)]
    return "\n".join(["# Posts and permissions", "", WRITTEN, "", *_table(head, rows), ""])


def commands() -> str:
    """Return the help of every command."""
    from yiwang.config.main import yiwang

    lines = [
        "# Commands",
        "",
        WRITTEN,
        "",
        "Every command tells this of itself with `--help` or `-h`.",
    ]
    for path, command in sorted(_commands("yiwang", yiwang), key=lambda found: found[0]):
        told = copy(command)
        told.add_help_option = False  # click keeps the names of the first context that asked
        context = click.Context(told, info_name=path, terminal_width=78)
        lines += ["", f"## `{path}`", "", "```", told.get_help(context).rstrip(), "```"]
    return "\n".join([*lines, ""])


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from _commands(f"{path} {name}", one)


def addresses() -> str:
    """Return every address with its name and who may open it."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(
        patterns: list[URLPattern | URLResolver], prefix: str, space: str
    ) -> Iterator[list[str]]:
        for pattern in patterns:
            path = f"{prefix}{pattern.pattern}"
            if isinstance(pattern, URLResolver):
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern.url_patterns, path, inner)
            elif pattern.name:
                view = getattr(pattern.callback, "view_class", pattern.callback)
                asked = getattr(view, "permission", None)
                yield [f"`/{path}`", f"`{space}{pattern.name}`", getattr(asked, "value", "") or "–"]

    rows = sorted(walk(list(get_resolver().url_patterns), "", ""))
    own = [row for row in rows if "accounts/" not in row[0] or "web" in row[1]]
    return "\n".join(
        ["# Addresses", "", WRITTEN, "", *_table(["Address", "Name", "Permission"], own), ""]
    )


def events() -> str:
    """Return every event with its fields."""
    import dataclasses

    from yiwang.kernel.events import Event

    found = {
        thing.name: thing
        for module in _modules()
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Event) and thing.name
    }
    rows = [
        [
            f"`{name}`",
            _first_line(found[name]),
            ", ".join(f"`{field.name}`" for field in dataclasses.fields(found[name])),
        ]
        for name in sorted(found)
    ]
    return "\n".join(["# Events", "", WRITTEN, "", *_table(["Event", "When", "Fields"], rows), ""])


def main() -> None:
    """Write the pages."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    import django

    django.setup()
    for name, text in pages().items():
        Path(FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
