"""What the pre-check reads off disturbed pictures of invented papers, and what a page costs.

    python -m bench.reading [--only NAME ...]

Beside it stand what was there before: the text layer of a PDF, and no pre-check at all. Five
invented papers are drawn, disturbed and read: two good ones, one expired, one whose number has a
wrong check digit, one without a seal; two more faults need no paper of their own (another firm,
another kind). `retake` counts good papers that are to be taken again, `false doubts` what else was
doubted about them. Processor time is that of this process; memory that of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

TODAY = date(2026, 3, 6)


@dataclass
class Count:
    """What came of one kind of picture."""

    fields: int = 0
    fields_right: int = 0
    seals: int = 0
    seal_words: int = 0
    sealed: int = 0
    faults: int = 0
    faults_told: int = 0
    alarms: list[str] = field(default_factory=list)
    again: int = 0
    good: int = 0
    seconds: float = 0.0
    pages: int = 0


def main() -> None:
    """Print one line per disturbance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="*", default=[], help="names of disturbances")
    only = parser.parse_args().only
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["YIWANG_DATA_DIR"] = folder
        import django

        django.setup()
        from django.conf import settings

        settings.KEYS_DIR = Path(folder)
        _all_of_it(only)


def _all_of_it(only: list[str]) -> None:
    from tests.factories import papers

    print(
        f"{'picture':<18}{'fields':>8}{'seal':>7}{'its words':>11}{'faults':>8}"
        f"{'retake':>10}{'false doubts':>14}{'CPU s/page':>12}"
    )
    drawn = {name: (one.pdf(sealed=name != "unsealed"), one) for name, one in _papers().items()}
    _line("PDF, text layer", _counted(drawn, _text_layer))
    print(f"{'picture, before':<18}{'0 %':>8}   (no word of a picture was read)")
    total = Count()
    for name, how in papers.DISTURBANCES.items():
        if only and name not in only:
            continue
        count = _counted(drawn, _reader(how))
        _line(name, count)
        _add(total, count)
    _line("all pictures", total)
    _cost(papers.jpeg(papers.picture(drawn["good"][0])))


def _papers() -> Mapping[str, Any]:
    from tests.factories import papers

    wrong = papers.USCC[:-1] + "8"
    return {
        "good": papers.licence(),
        "identity": papers.identity(),
        "expired": papers.licence(有效期限="2016年03月01日至2026年02月28日"),
        "wrong number": papers.licence(统一社会信用代码=wrong),
        "unsealed": papers.licence(),
    }


Seen = tuple[Any, Any]
"""A look and a reading."""


def _text_layer(pdf: bytes) -> Seen:
    from yiwang.cases.policy.prechecks import NOBODY_READ
    from yiwang.documents import looking
    from yiwang.documents.policy.files import MediaType

    return looking.see(pdf, MediaType.PDF), NOBODY_READ


def _reader(how: Callable[[Any], bytes]) -> Callable[[bytes], Seen]:
    from tests.factories import papers

    from yiwang.documents import looking, recognising
    from yiwang.documents.policy.files import MediaType
    from yiwang.documents.policy.readings import Reading, ReadingState

    def read(pdf: bytes) -> Seen:
        content = how(papers.picture(pdf))
        start = time.process_time()
        pages = tuple(recognising.read_pages(content, MediaType.JPEG))
        read.seconds += time.process_time() - start  # type: ignore[attr-defined]
        made = Reading(state=ReadingState.READ, pages=pages, engine=recognising.ENGINE)
        return looking.see(content, MediaType.JPEG), made

    read.seconds = 0.0  # type: ignore[attr-defined]
    return read


def _counted(drawn: Mapping[str, Any], see: Callable[[bytes], Seen]) -> Count:
    from tests.factories import papers

    count = Count()
    for name, (pdf, paper) in drawn.items():
        look, reading = see(pdf)
        text = "".join((look.text or reading.text).split())
        count.pages += 1
        count.fields += len(paper.must)
        count.fields_right += sum(word in text for word in paper.must)
        if name != "unsealed":
            count.sealed += 1
            count.seals += bool(look.seal or reading.seals)
            words = [one.text for one in reading.seals] + list(look.signers)
            count.seal_words += papers.ISSUER in words
        for fault, told in _told(name, look, reading):
            if fault:
                count.faults += 1
                count.faults_told += bool(told)
            else:
                count.good += 1
                count.again += "readable" in told
                count.alarms += [one for one in told if one != "readable"]
    count.seconds = getattr(see, "seconds", 0.0)
    return count


def _told(name: str, look: Any, reading: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield what is wrong with a paper, empty for a good one, and what was said about just that."""
    from tests.factories import papers

    from yiwang.cases.policy.material_kinds import parsed
    from yiwang.cases.policy.prechecks import PreCheck, Wanted, doubts, findings

    kinds = parsed(
        [
            "营业执照：营业执照；应有：统一社会信用代码、印章",
            "身份证：居民身份证、公民身份号码；应有：身份证号",
        ]
    )

    def said(check: PreCheck | None = None, **changes: str) -> list[str]:
        firm = {"material": "营业执照", "holder_name": papers.FIRM, "holder_number": papers.USCC}
        person = {
            "material": "身份证",
            "holder_name": papers.PERSON,
            "holder_number": papers.CITIZEN,
        }
        known = (person if name == "identity" else firm) | {"standard": "在有效期内，加盖公章"}
        wanted = Wanted(**{**known, **changes}, kinds=kinds)
        found = findings(look, wanted, today=TODAY, reading=reading)
        return [one.check.value for one in doubts(found) if check in {None, one.check}]

    if name in {"good", "identity"}:
        yield "", said()
    if name == "good":
        yield (
            "another firm",
            said(
                PreCheck.PERSON,
                holder_name="上海别家餐饮有限公司",
                holder_number="91310114MA1GW0XD4X",
            ),
        )
        yield "another kind", said(PreCheck.KIND, material="身份证")
    faults = {
        "expired": PreCheck.DATES,
        "wrong number": PreCheck.NUMBER,
        "unsealed": PreCheck.SEAL,
    }
    if name in faults:
        yield name, said(faults[name])


def _add(total: Count, count: Count) -> None:
    for name, value in vars(count).items():
        setattr(total, name, getattr(total, name) + value)


def _line(name: str, count: Count) -> None:
    again, alarms = f"{count.again} of {count.good}", str(len(count.alarms))
    print(
        f"{name:<18}{_share(count.fields_right, count.fields):>8}"
        f"{_share(count.seals, count.sealed):>7}{_share(count.seal_words, count.sealed):>11}"
        f"{count.faults_told:>4} of {count.faults:<2}{again:>9}{alarms:>14}"
        f"{count.seconds / count.pages:>11.2f}   {' '.join(sorted(set(count.alarms)))}",
        flush=True,
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _cost(content: bytes) -> None:
    """Print what one page costs in a process of its own, model loaded from the disk."""
    from yiwang.documents import recognising
    from yiwang.documents.policy.files import MediaType

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    recognising.read(content, MediaType.JPEG)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"one page in a process of its own: {spent:.1f} s of CPU, {wall:.1f} s, "
        f"{after.ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main()
