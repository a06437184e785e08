"""The section `registration` of a pack (双告知)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yiwang.content.registry import Change, DiffLine, PackError, PackFile
from yiwang.organisations import queries as organisations
from yiwang.registration import queries, services
from yiwang.registration.policy.parsing import parse


class Registration:
    """Section `registration`; one file says how the district runs the two notices."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files, and departments that do not exist."""
        errors = [error for file in files for error in parse(file)[1]]
        if errors:
            return errors
        units = {unit.code for unit in organisations.departments()}
        for file in files:
            rules, _ = parse(file)
            if rules is None:
                continue
            named = {rules.registrar, rules.centre, *(one.department for one in rules.rules)}
            errors += [
                file.error("rules", f"没有代号为“{code}”的部门。", "请核对代号，或者先写入该部门。")
                for code in sorted(named - units)
            ]
        errors += [
            file.error("", "一个区只写一份双告知规则。", "请合并到一个文件。") for file in files[1:]
        ]
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the rules that are not loaded as they are written."""
        loaded = queries.rules()
        return [
            DiffLine(
                section="registration",
                change=Change.CHANGE if loaded else Change.ADD,
                what="双告知规则",
                detail=f"{len(rules.rules)}项许可",
            )
            for file in files
            if (rules := parse(file)[0]) is not None and rules != loaded
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Save what differs."""
        for file in files:
            rules, _ = parse(file)
            if rules is not None and rules != queries.rules():
                services.save_rules(rules, by=by, at=at)


REGISTRATION = Registration()
