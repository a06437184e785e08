"""The applicant puts an error right on the portal once asked to, and their program likewise."""

from __future__ import annotations

from typing import Any

from tests.factories import cases
from tests.web.citizen.test_following import pytestmark as pytestmark
from tests.web.citizen.test_following import signed_in, submitted, words
from yiwang.cases import services
from yiwang.cases.models import SpotFix


def test_the_applicant_corrects_what_was_asked_for():
    client: Any = signed_in()
    address = submitted(client)
    number = address.strip("/").rpartition("/")[2]
    page = f"{address}on-spot/"
    assert "现在没有请您当场更正的内容" in words(client.get(page))

    services.ask_on_spot(number=number, what="门牌号有误", by=cases.CLERK, at=cases.FRIDAY)

    assert "门牌号有误" in words(client.get(address))
    assert "门牌号有误" in words(client.get(page))
    waiting = words(client.get("/cases/"))
    assert waiting.index("需要您处理") < waiting.index("去当场更正：") < waiting.index("正在办理")
    fixed = client.post(f"{page}answers/address/", {"value": ""})
    assert fixed.status_code == 422
    done = client.post(f"{page}answers/address/", {"value": "嘉定区示例路99号"}, follow=True)
    assert "嘉定区示例路99号" in words(done)
    assert "您已当场更正，等待受理" in words(done)
    assert "继续更正" in words(done)
    assert "需要您处理" not in words(client.get("/cases/"))
    services.ask_on_spot(number=number, what="面积也有误", by=cases.CLERK, at=cases.FRIDAY)
    assert "去当场更正：" in words(client.get("/cases/"))
    assert "请当场更正工作人员告知的错误" in words(client.get(address))
    assert SpotFix.objects.count() == 1
