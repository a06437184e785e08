"""Documents per second and core: print, seal, check, rebuild.

    python -m bench.documents [--seconds 3]

Measures processor time of this process, so that other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

AT = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
OWNER = "嘉定区市场监督管理局"


def licence(number: int) -> dict[str, object]:
    """Return the words of a licence that differs from the others."""
    return {
        "name": "食品经营许可证",
        "number": f"JY2310114{number:06d}0",
        "identifier": f"1.2.156.3005.2.{number}",
        "issuer": OWNER,
        "issued_on": "2026年3月9日",
        "token": "ABCDEFGHIJKLMNOPQRSTUVWX23",
        "qr": f"HTTPS://EXAMPLE.CN/V/{number:026d}",
        "fields": [
            ["经营者名称", f"上海嘉禾餐饮管理有限公司第{number}分公司"],
            ["经营场所", f"上海市嘉定区新成路街道示例路{number}号"],
            ["主体业态", "餐饮服务经营者"],
            ["经营项目", "热食类食品制售；冷食类食品制售；自制饮品制售"],
            ["有效期", "2026年3月9日至2031年3月8日"],
        ],
    }


def rate(work: Callable[[int], object], *, seconds: float) -> tuple[float, float]:
    """Return calls per second of processor time, and milliseconds per call."""
    work(0)
    done, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        done += 1
        work(done)
    spent = time.process_time() - start
    return done / spent, spent / done * 1_000


def main() -> None:
    """Print one line per kind of work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time per line")
    seconds = parser.parse_args().seconds
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with tempfile.TemporaryDirectory() as folder:
        import django
        from django.conf import settings

        settings.KEYS_DIR = Path(folder)
        django.setup()
        measure(seconds)


def measure(seconds: float) -> None:
    """Print what each kind of work costs."""
    import pyvips

    from yiwang.documents import inspecting, sealing
    from yiwang.documents.rendering import render_for_seal

    made = render_for_seal("licence", licence(1), at=AT)

    def seal(_: int) -> bytes:
        return sealing.seal_pdf(
            made.pdf, seal="market", owner=OWNER, reason="颁发", at=AT, place=made.seal_place
        )

    sealed = seal(0)
    picture = (pyvips.Image.gaussnoise(4000, 3000) + 128).cast("uchar")
    photograph = bytes(picture.jpegsave_buffer(Q=60))
    lines: dict[str, Callable[[int], object]] = {
        "print a licence": lambda n: render_for_seal("licence", licence(n), at=AT),
        "seal a licence": seal,
        "print and seal": lambda n: sealing.render_sealed(
            "licence", licence(n), seal="market", owner=OWNER, reason="颁发", at=AT
        ),
        "check a seal": lambda _: sealing.verify_pdf(sealed),
        "take in a PDF (without preview)": lambda _: inspecting.inspect(made.pdf, name="a.pdf"),
        "take in a 12-megapixel photograph": lambda _: inspecting.inspect(photograph, name="a.jpg"),
    }
    print(f"{'work':<36}{'per s and core':>16}{'CPU ms each':>14}")
    for name, work in lines.items():
        per_second, milliseconds = rate(work, seconds=seconds)
        print(f"{name:<36}{per_second:>16.1f}{milliseconds:>14.1f}")
    print(f"size: {len(made.pdf):,} bytes printed, {len(sealed):,} bytes sealed")


if __name__ == "__main__":
    main()
