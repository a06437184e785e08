"""What every template knows: the district, the sizes, the navigation."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from yiwang.content import queries as content
from yiwang.organisations.policy.signin import IDLE_END
from yiwang.web import navigation

SIZE_COOKIE = "yiwang_size"
KIOSK_COOKIE, KIOSK_SALT = "yiwang_kiosk", "yiwang.kiosk.start"
"""Where a terminal of a hall goes back to, signed; set when it leaves for the items."""

KIOSK_SECONDS = 120
"""How long a terminal shows what somebody left unfinished."""

LARGE = "lg"
"""Value of `SIZE_COOKIE` for the large version (关怀版)."""

KEPT_SECONDS = 60
"""How long the district's names are kept before they are asked for again."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Names and numbers of the district, from its pack."""

    name: str
    name_en: str
    district: str
    organiser: str
    hotline: str
    phone: str = ""
    address: str = ""
    hours: str = ""


UNNAMED = Site(
    name="政务服务", name_en="Government services", district="", organiser="", hotline="12345"
)
"""Shown until a district pack is loaded."""


_kept: dict[str, tuple[float, Site]] = {}


def district() -> Site:
    """Return the names of the district; a process asks the database once a minute."""
    now = time.monotonic()
    kept = _kept.get(settings.DISTRICT)
    if kept is not None and now - kept[0] < KEPT_SECONDS:
        return kept[1]
    try:
        view = content.district()
    except LookupError:
        return UNNAMED
    site = Site(
        name=view.site_name,
        name_en=view.site_name_en,
        district=view.name,
        organiser=view.organiser,
        hotline=view.hotline,
        phone=view.phone,
        address=view.address,
        hours=view.hours,
    )
    _kept[settings.DISTRICT] = (now, site)
    return site


def forget() -> None:
    """Ask again next time; for tests and after a pack was loaded in this process."""
    _kept.clear()


def kiosk_start(request: HttpRequest) -> str:
    """Return where the terminal that asks begins; empty: this is no terminal."""
    start = request.get_signed_cookie(KIOSK_COOKIE, default="", salt=KIOSK_SALT)
    return start if isinstance(start, str) else ""


def _usual_size(request: HttpRequest) -> str:
    """Return the size until somebody chooses one: machines in halls are read standing."""
    return LARGE if KIOSK_COOKIE in request.COOKIES and kiosk_start(request) else ""


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of every page; the navigation is computed only where it is shown."""
    large = request.COOKIES.get(SIZE_COOKIE, _usual_size(request)) == LARGE
    english = getattr(request, "LANGUAGE_CODE", "") == "en"
    return {
        "site": SimpleLazyObject(district),
        "site_name": SimpleLazyObject(lambda: (english and district().name_en) or district().name),
        "large": large,
        "size": LARGE if large else "md",
        "desk_size": LARGE if large else "sm",
        "language": getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE),
        "demo": settings.DEMO,
        "portal_links": navigation.portal_links,
        "kiosk_start": SimpleLazyObject(lambda: kiosk_start(request)),
        "kiosk_seconds": KIOSK_SECONDS,
        "session_seconds": int(IDLE_END.total_seconds()),
    }
