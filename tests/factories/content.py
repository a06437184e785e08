"""Content in the smallest form that tests need."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from yiwang.config import env
from yiwang.content import services
from yiwang.content.policy import districts, holidays
from yiwang.content.policy.folders import find
from yiwang.content.policy.packs import PackFile
from yiwang.kernel.workdays import WorkdayCalendar

AT = dt.datetime(2026, 3, 6, 9, 0, tzinfo=dt.UTC)


@cache
def files_of(pack: str, section: str) -> tuple[PackFile, ...]:
    """Read one section of a pack that ships with the program."""
    folders = find(root=env.ROOT / "packs", names=[pack]).folders
    return tuple(
        file
        for folder in folders
        for file in folder.files
        if folder.manifest.name == pack and file.section == section
    )


@cache
def national_calendar() -> WorkdayCalendar:
    """Make the calendar of the national pack without a database."""
    parsed = [holidays.parse(file)[0] for file in files_of("national", "holidays")]
    return holidays.calendar([notice for notice in parsed if notice is not None])


def holidays_loaded() -> None:
    """Load the holiday notices of the national pack."""
    for file in files_of("national", "holidays"):
        notice, _ = holidays.parse(file)
        if notice is not None:
            services.save_notice(notice)


def district_loaded(pack: str = "jiading") -> districts.District:
    """Load the district of a pack."""
    (file,) = files_of(pack, "district")
    district, _ = districts.parse(file)
    if district is None:
        raise ValueError(f"packs/{pack}/district.yaml does not read")
    services.save_district(district, sha256=file.sha256)
    return district


def loaded(*names: str, **changes: Any) -> services.PackReport:
    """Load packs that ship with the program, every section that is registered."""
    arguments: dict[str, Any] = {
        "root": env.ROOT / "packs",
        "names": names,
        "by": "job:test",
        "at": AT,
        "apply": True,
        "record": lambda **_: None,
    }
    return services.load_packs(**(arguments | changes))
