"""Every page of the portal keeps the rules that a browser can check."""

from __future__ import annotations

import re

import pytest

from tests.browser.audit import audit_page
from tests.browser.conftest import Visit
from tests.faults.district import ROOT

OPEN = (
    "/",
    "/search/?q=开饭店",
    "/search/?q=没有这样的事项",
    "/items/",
    "/items/?for=person",
    "/items/food-business/questions/1/",
    "/items/food-business/checklist/?business_type=catering&hot_food=yes",
    "/track/",
    "/help/",
    "/ask/",
    "/ask/?q=开饭店要准备哪些材料",
    "/ask/?q=火星移民怎么办",
    "/ask/hand-over/?q=火星移民怎么办",
    "/ask/answer/",
    "/verify/",
    "/accessibility/",
    "/privacy/",
    "/sitemap/",
    "/decisions/",
    "/hearings/",
    "/reports/items/",
    "/reports/items/compression/",
    "/reports/items/cancelled/",
    "/opendata/",
    "/decisions/?q=没有这样的决定",
    "/accounts/login/",
)


@pytest.mark.parametrize("url", OPEN)
def test_an_open_page_keeps_the_rules(visit: Visit, url: str):
    audit_page(visit(), url)


def test_a_guide_shows_its_facts_above_the_fold(visit: Visit):
    audit_page(visit(), "/items/food-business/", guide=True)


def test_the_page_of_components_keeps_the_rules(visit: Visit):
    audit_page(visit(), "/_components")


def test_every_token_that_styles_use_is_defined():
    css = (ROOT / "frontend" / "dist" / "ui" / "app.css").read_text()

    used = set(re.findall(r"var\((--ds-[a-z0-9-]+)\)", css))
    defined = set(re.findall(r"(--ds-[a-z0-9-]+):", css))

    assert len(used) > 100
    assert used - defined == set()


@pytest.mark.parametrize(("url", "status"), [("/no-such-page/", 404), ("/v/NOSUCHTOKEN", 404)])
def test_an_error_page_keeps_the_rules(visit: Visit, url: str, status: int):
    audit_page(visit(), url, status=status)


@pytest.mark.parametrize("url", ["/cases/", "/licences/", "/me/", "/items/food-business/apply/"])
def test_a_page_of_an_applicant_keeps_the_rules(visit: Visit, url: str):
    audit_page(visit(login="restaurant"), url)


@pytest.mark.parametrize("path", ["", "items/", "letters/"])
def test_a_page_of_a_terminal_keeps_the_rules(visit: Visit, path: str):
    clerk = visit(login="clerk")
    clerk.goto("/counter/queue/")
    start = clerk.locator("a[href*='/kiosk/']").first.get_attribute("href")

    audit_page(visit(), f"{start}{path}")


@pytest.mark.parametrize("url", ["/", "/items/food-business/", "/track/", "/accessibility/"])
def test_a_page_in_english_keeps_the_rules(visit: Visit, url: str):
    page = visit(english=True)

    audit_page(page, url)

    assert page.locator("html").get_attribute("lang") == "en"
