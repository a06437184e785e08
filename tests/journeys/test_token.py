"""A firm lets its own program ask about its cases, and takes the key back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.audit import audit_page
from tests.chromium import Visit
from tests.faults.district import ROOT
from tests.journeys import acts
from yiwang.cli.demo import PASSWORD


def call(site: str, path: str, key: str) -> tuple[int, Any]:
    """Make one call as a program does."""
    request = urllib.request.Request(
        f"{site}/api/v1{path}", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_key_is_made_used_and_taken_back(visit: Visit, site: str):
    page = visit(login="restaurant", scripts=False)
    page.goto("/accounts/")
    acts.follow(page, "我的令牌（供自己的程序使用）")
    acts.heading(page, "我的令牌")
    acts.follow(page, "新建令牌")
    acts.heading(page, "新建令牌")
    acts.press(page, "建立令牌")
    expect(acts.main(page)).to_contain_text("请填写用途，说明哪个程序用来做什么。")
    page.get_by_label("用途").fill("进度提醒程序")
    page.get_by_label(re.compile("上海示例餐饮管理有限公司")).check()
    page.get_by_label("查看办件、文书和材料").check()
    page.get_by_label("7天").check()
    page.get_by_label("登录密码").fill("错误的密码")
    acts.press(page, "建立令牌")
    expect(acts.main(page)).to_contain_text("密码不正确，请重新输入后再建立令牌。")
    assert page.get_by_label("用途").input_value() == "进度提醒程序"
    page.get_by_label("登录密码").fill(PASSWORD)
    acts.press(page, "建立令牌")
    acts.heading(page, "令牌已建立")
    key = page.get_by_label("令牌", exact=True).input_value()

    assert call(site, "/my/cases", key)[0] == 200
    status, told = call(site, "/my/licences", key)
    assert (status, "查看和出示电子证照" in told["message"]) == (403, True)

    acts.follow(page, "我已保存，返回我的令牌")
    acts.heading(page, "我的令牌")
    assert key not in page.content()
    page.get_by_role("button", name="收回“进度提醒程序”").click()
    expect(page.get_by_role("status")).to_contain_text("令牌已收回")
    assert call(site, "/my/cases", key)[0] == 401


GUIDE = ROOT / "docs" / "how-to" / "use-the-api.md"


def make_for_all(page: Page) -> str:
    """Make a key that may do everything for the person, and return it."""
    page.goto("/me/tokens/new/")
    page.get_by_label("用途").fill("照说明试用接口")
    subjects = page.get_by_role("group", name="代谁办事").get_by_role("radio")
    (subjects.and_(page.get_by_label(re.compile("李样例")))).check()
    for box in page.get_by_role("group", name="允许程序做什么").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("7天").check()
    page.get_by_label("登录密码").fill(PASSWORD)
    acts.press(page, "建立令牌")
    acts.heading(page, "令牌已建立")
    return page.get_by_label("令牌", exact=True).input_value()


def test_the_guide_to_the_api_works_line_by_line(visit: Visit, site: str, tmp_path: Path):
    key = make_for_all(visit(login="citizen"))
    steps = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(steps) == 6

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(steps)],
        cwd=tmp_path,
        env=os.environ | {"SITE": site, "TOKEN": key},
        text=True,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "licence.pdf").read_bytes().startswith(b"%PDF-")
    assert done.stdout.rstrip().endswith("withdrawn")


@pytest.mark.parametrize("path", ["/me/tokens/", "/me/tokens/new/"])
def test_the_pages_of_keys_keep_the_rules(visit: Visit, path: str):
    audit_page(visit(login="restaurant"), path)
