"""Invented papers as pictures, and what a telephone, a copier or a careless hand does to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pyvips

from yiwang.documents.rendering import render
from yiwang.documents.sealing import seal_pdf

AT = dt.datetime(2026, 3, 6, 9, tzinfo=dt.UTC)
SIDE = 2_000
ISSUER = "示例区市场监督管理局"
FIRM = "上海示范餐饮管理有限公司"
USCC = "91310114MA1GW0XC69"
PERSON = "王示范"
CITIZEN = "310114194903070021"
FOOD = "JY23101140000018"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An invented paper: its fields as printed, and what must be read off it."""

    title: str
    number: str
    fields: tuple[tuple[str, str], ...]
    must: tuple[str, ...]

    def pdf(self, *, sealed: bool = True) -> bytes:
        """Return it as the platform prints it; needs a folder for keys when sealed."""
        made = render(
            "licence",
            {
                "name": self.title,
                "number": self.number,
                "identifier": "1.2.156.3005.2.11310114000000000X001.DEMO0001",
                "issuer": ISSUER,
                "issued_on": "2026年3月2日",
                "token": "DEMO-0001",
                "qr": "https://example.invalid/v/DEMO0001",
                "fields": [list(pair) for pair in self.fields],
                "demo": False,
            },
            at=AT,
        )
        return seal_pdf(made, seal="market", owner=ISSUER, reason="盖章", at=AT) if sealed else made


def licence(**changes: str) -> Paper:
    """Return an invented business licence."""
    known = {
        "统一社会信用代码": USCC,
        "名称": FIRM,
        "类型": "有限责任公司",
        "法定代表人": PERSON,
        "住所": "上海市嘉定区南翔镇示例路11号",
        "有效期限": "2016年03月01日至2036年02月28日",
    } | changes
    return Paper(
        title="营业执照",
        number="示00000001",
        fields=tuple(known.items()),
        must=("营业执照", known["统一社会信用代码"], known["名称"], known["有效期限"][-11:]),
    )


def identity(**changes: str) -> Paper:
    """Return an invented identity card, printed on a sheet."""
    known = {
        "姓名": PERSON,
        "公民身份号码": CITIZEN,
        "住址": "上海市嘉定区南翔镇示例路11号",
        "有效期限": "2016.03.01-长期",
    } | changes
    return Paper(
        title="居民身份证",
        number="示00000002",
        fields=tuple(known.items()),
        must=("居民身份证", known["公民身份号码"], known["姓名"], "长期"),
    )


def picture(pdf: bytes, *, side: int = SIDE) -> Any:
    """Return a picture of the first page."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        page = document[0]
        pixels = page.render(
            scale=side / max(page.get_size()), rev_byteorder=True, may_draw_forms=True
        ).to_numpy()
        drawn = pyvips.Image.new_from_array(pixels[:, :, :3].copy()).copy(interpretation="srgb")
        page.close()
    return drawn


def jpeg(shown: Any, quality: int = 88) -> bytes:
    """Return a picture as a JPEG."""
    return bytes(shown.cast("uchar").jpegsave_buffer(Q=quality))


def _noisy(shown: Any) -> Any:
    noise = pyvips.Image.gaussnoise(shown.width, shown.height, mean=0, sigma=28, seed=1)
    return (shown + noise).cast("uchar").copy(interpretation="srgb")


def _on_a_table(shown: Any) -> Any:
    """Return the page as photographed: far edge narrower, a dark table, uneven light."""
    high, wide = shown.height, shown.width
    grid = pyvips.Image.xyz(wide, high)
    down = grid[1] / high
    squeeze = 0.78 + 0.22 * down  # rows at the top are narrower
    across = (grid[0] - wide / 2) / squeeze + wide / 2
    along = grid[1] * (0.88 + 0.12 * down)
    bent = shown.mapim(across.bandjoin(along), interpolate=pyvips.Interpolate.new("bilinear"))
    light = 0.62 + 0.38 * (1 - grid[0] / wide)
    framed = (bent * light).embed(
        120, 120, wide + 240, high + 240, extend="background", background=[70, 60, 50]
    )
    return framed.cast("uchar").copy(interpretation="srgb")


DISTURBANCES: Mapping[str, Callable[[Any], bytes]] = {
    "scan": jpeg,
    "turned 90": lambda shown: jpeg(shown.rot90()),
    "turned 180": lambda shown: jpeg(shown.rot180()),
    "askew 5": lambda shown: jpeg(shown.rotate(5, background=255)),
    "askew 15": lambda shown: jpeg(shown.rotate(15, background=255)),
    "blurred 2": lambda shown: jpeg(shown.gaussblur(2)),
    "blurred 4": lambda shown: jpeg(shown.gaussblur(4)),
    "blurred 8": lambda shown: jpeg(shown.gaussblur(8)),
    "dark 30 %": lambda shown: jpeg(shown * 0.3),
    "dark 10 %": lambda shown: jpeg(shown * 0.1),
    "noise": lambda shown: jpeg(_noisy(shown)),
    "jpeg 30": lambda shown: jpeg(shown, 30),
    "jpeg 10": lambda shown: jpeg(shown, 10),
    "1000 px": lambda shown: jpeg(shown.resize(0.5)),
    "600 px": lambda shown: jpeg(shown.resize(0.3)),
    "grey copy": lambda shown: jpeg(shown.colourspace("b-w")),
    "cut right": lambda shown: jpeg(shown.crop(0, 0, int(shown.width * 0.7), shown.height)),
    "photo": lambda shown: jpeg(_on_a_table(shown)),
    "photo, blurred 2": lambda shown: jpeg(_on_a_table(shown.gaussblur(2))),
}
"""Name -> what becomes of a picture."""
