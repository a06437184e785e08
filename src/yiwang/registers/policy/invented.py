"""Invented persons and firms: small tables of our own, and rows drawn from them by seed.

Nothing here describes anybody. What shows it:

- Every USCC has an organisation code that begins with `XXX`, a form no registry gives out.
- Firms' telephones begin with `021-0`, mobiles with `140`: neither is given to subscribers.
- Streets are called 示例路, 样本路 and the like.
- Citizen numbers need a division, a date and a sequence, so any well-formed number might be
  somebody's. Names are drawn apart from numbers and the sequences begin at 200; the numbers say
  nothing about their holders.

The same seed gives the same rows, whatever the size of the machine: each block of 5,000 rows has
its own generator.
"""

from __future__ import annotations

import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.registers.policy.pinyin import SURNAMES as UNUSUAL_READINGS
from yiwang.registers.policy.pinyin import reading
from yiwang.registers.policy.terms import EntityKind, EntityStatus, Gender

BLOCK = 5_000
"""Rows drawn from one generator."""

ADULT_YEARS = 18
FIRST_SEQUENCE = 200
"""Sequences below belong to the fixed cast of the demonstration."""

LAST_SEQUENCE = 999
MAX_REPRESENTATIVES = 50_000
"""Adults kept at hand as legal representatives; bounds the memory of a large run."""

SURNAMES = (
    "王70 李70 张66 刘50 陈52 杨30 黄24 赵22 周26 吴28 徐30 孙20 朱26 胡16 郭12 何12 林14 高12 "
    "罗10 郑10 梁8 谢8 宋8 唐10 许9 韩7 冯6 邓6 曹8 彭6 曾5 肖6 田5 董6 袁6 潘7 于6 蒋9 蔡8 余6 "
    "杜5 叶8 程6 苏6 魏5 吕5 丁7 任5 沈14 姚8 卢5 姜5 崔4 钟4 谭4 陆13 汪6 范6 金9 石4 廖4 贾3 "
    "夏6 韦3 付4 方6 白3 邹5 孟3 熊4 秦5 邱5 江4 尹3 薛3 闫2 段3 雷3 侯3 龙3 史3 陶5 黎2 贺3 顾12 "
    "毛3 郝2 龚5 邵4 万3 钱6 严5 覃2 武2 戴5 莫2 孔2 向2 汤3 俞4 施5 倪3 单1 仇1 欧阳1 上官1"
)
"""Surname and weight, ours; the order of frequency around Shanghai."""

GIVEN_MALE = "伟强磊军勇杰涛斌超明刚平辉鹏飞波宇浩亮健俊峰建华志国文海龙东昊天毅恒振宏凯博宁"
GIVEN_FEMALE = "芳娜敏静丽艳娟秀英霞玲燕红梅莉萍丹洁琴兰婷雪慧颖佳欣怡雯倩琳薇瑶蕾瑞岚菲晴云月馨"
GIVEN_BOTH = "嘉文晨安宁子一思雨林乐清远新春秋和景书言成知行之初若可心亦然"

NAME_FIRST = (
    "嘉安华新瑞恒盛泰鑫宏源远达通天海东南荣昌永信诚德润丰和顺康宁美佳优创智慧启明博雅锦绣"
    "金玉龙凤飞腾云星辰晨光旭日升兴旺隆裕福禄祥景百万千汇聚合众联邦国正中元亨利贞乾坤尚品诺"
)
NAME_SECOND = (
    "达泰源丰盛隆昌荣华瑞祥和顺康宁佳美优创智慧启明博雅锦绣宝玉龙凤飞腾云星辰晨光旭升兴旺裕"
    "福景汇聚合众联邦国正元亨利贞尚品诺信诚德润恒宏远通天海洋东方圆江河山川林森木禾田园春秋"
)
NAME_THIRD = "嘉新安华佳瑞德信通达科创源泰利恒美和润丰"

LOCAL_SHARE = 0.9
ELSEWHERE = (
    ("320583", "江苏省昆山市"),
    ("320585", "江苏省太仓市"),
    ("310107", "上海市普陀区"),
    ("310113", "上海市宝山区"),
    ("310118", "上海市青浦区"),
)
"""Division and name of places where the others have their household."""

ROADS = ("示例路", "样本路", "演练路", "虚构路", "假设路", "设想路", "试行路", "模拟路")


class Trade(NamedTuple):
    """A line of business: word in the name, GB/T 4754 class, weight, kind of body."""

    word: str
    industry: str
    weight: int
    kind: EntityKind


_E, _I, _C = EntityKind.ENTERPRISE, EntityKind.INDIVIDUAL, EntityKind.COOPERATIVE
TRADES = (
    Trade("贸易", "F5199", 90, _E),
    Trade("商贸", "F5299", 70, _E),
    Trade("企业管理咨询", "L7249", 60, _E),
    Trade("信息科技", "I6513", 70, _E),
    Trade("网络科技", "I6490", 55, _E),
    Trade("智能科技", "M7520", 45, _E),
    Trade("新能源科技", "M7519", 25, _E),
    Trade("汽车零部件", "C3670", 45, _E),
    Trade("汽车技术服务", "M7320", 18, _E),
    Trade("汽车销售", "F5261", 16, _E),
    Trade("汽车维修", "O8111", 12, _E),
    Trade("机械设备", "C3490", 40, _E),
    Trade("精密模具", "C3525", 20, _E),
    Trade("电气设备", "C3829", 24, _E),
    Trade("电子元件", "C3989", 24, _E),
    Trade("传感器", "C3983", 10, _E),
    Trade("集成电路设计", "I6520", 10, _E),
    Trade("医疗器械", "C3581", 16, _E),
    Trade("生物科技", "M7340", 20, _E),
    Trade("塑料制品", "C2929", 18, _E),
    Trade("包装材料", "C2239", 14, _E),
    Trade("建筑工程", "E4790", 45, _E),
    Trade("装饰设计工程", "E5013", 36, _E),
    Trade("园林绿化工程", "E4891", 12, _E),
    Trade("物流", "G5430", 34, _E),
    Trade("供应链管理", "L7224", 24, _E),
    Trade("仓储服务", "G5990", 10, _E),
    Trade("货物运输代理", "G5820", 14, _E),
    Trade("餐饮管理", "H6210", 40, _E),
    Trade("酒店管理", "H6110", 8, _E),
    Trade("食品", "C1499", 14, _E),
    Trade("农产品", "F5121", 10, _E),
    Trade("大药房", "F5251", 8, _E),
    Trade("文化传播", "R8890", 40, _E),
    Trade("广告", "L7259", 30, _E),
    Trade("人力资源", "L7269", 16, _E),
    Trade("劳务派遣", "L7264", 8, _E),
    Trade("物业管理", "K7020", 14, _E),
    Trade("房地产经纪", "K7030", 12, _E),
    Trade("教育培训", "P8399", 12, _E),
    Trade("职业技能培训学校", "P8391", 4, _E),
    Trade("口腔门诊部", "Q8425", 3, _E),
    Trade("健康管理", "O8053", 14, _E),
    Trade("环保科技", "M7516", 18, _E),
    Trade("服饰", "F5132", 20, _E),
    Trade("体育发展", "R8919", 8, _E),
    Trade("会展服务", "L7281", 14, _E),
    Trade("小吃店", "H6291", 60, _I),
    Trade("餐饮店", "H6210", 55, _I),
    Trade("快餐店", "H6220", 25, _I),
    Trade("便利店", "F5213", 40, _I),
    Trade("食品店", "F5229", 30, _I),
    Trade("水果店", "F5223", 28, _I),
    Trade("服装店", "F5232", 36, _I),
    Trade("理发店", "O8040", 26, _I),
    Trade("五金店", "F5273", 22, _I),
    Trade("建材经营部", "F5289", 22, _I),
    Trade("汽车修理店", "O8111", 14, _I),
    Trade("电脑维修部", "O8121", 8, _I),
    Trade("洗衣店", "O8030", 8, _I),
    Trade("足浴店", "O8051", 6, _I),
    Trade("蔬果专业合作社", "A0141", 6, _C),
    Trade("粮食种植专业合作社", "A0111", 4, _C),
    Trade("葡萄种植专业合作社", "A0152", 3, _C),
)
"""Our own mix: a district of cars, trade and software, with many small shops."""

_KIND_CODES = {_E: ("9", "1"), _I: ("9", "2"), _C: ("9", "3")}

AGES = (
    (0, 14, 10),
    (15, 17, 2),
    (18, 34, 22),
    (35, 59, 40),
    (60, 69, 14),
    (70, 79, 8),
    (80, 95, 4),
)
"""(first, last, weight) of bands of age in years."""

STATES = (
    (EntityStatus.ACTIVE, 88),
    (EntityStatus.CANCELLED, 8),
    (EntityStatus.REVOKED, 3),
    (EntityStatus.MOVED, 1),
)
CAPITAL_CNY = ((100_000, 12), (500_000, 20), (1_000_000, 30), (2_000_000, 12), (5_000_000, 14),
               (10_000_000, 8), (30_000_000, 3), (100_000_000, 1))  # fmt: skip
SMALL_CAPITAL_CNY = ((10_000, 30), (30_000, 30), (50_000, 20), (100_000, 15), (200_000, 5))
MEAN_AGE_DAYS = 2_400
OLDEST_FIRM = date(1985, 1, 1)


class Town(NamedTuple):
    """A street, town or zone: 9-digit code and name."""

    code: str
    name: str


class InventedPerson(NamedTuple):
    """One invented person."""

    id: uuid.UUID
    name: str
    name_pinyin: str
    gender: Gender
    born_on: date
    hukou_division: str
    hukou_town: str
    hukou_address: str
    address: str
    id_number: str
    phone: str


class InventedEntity(NamedTuple):
    """One invented legal entity."""

    uscc: str
    name: str
    name_pinyin: str
    kind: EntityKind
    status: EntityStatus
    address: str
    town_code: str
    industry_code: str
    representative_ref: str
    representative_name: str
    established_on: date
    phone: str
    capital_cny: int


class Representative(NamedTuple):
    """A person who may be the legal representative of firms."""

    ref: str
    name: str
    born_on: date


def _weighted(pairs: Sequence[tuple[object, int]]) -> list[int]:
    return list(accumulate(weight for _, weight in pairs))


_SURNAMES = [(word, int(weight)) for word, weight in re.findall(r"(\D+)(\d+) ?", SURNAMES)]
_SURNAME_WORDS = [word for word, _ in _SURNAMES]
_SURNAME_WEIGHTS = _weighted(_SURNAMES)
_SURNAME_READINGS = {word: UNUSUAL_READINGS.get(word) or reading(word) for word in _SURNAME_WORDS}
_TRADE_WEIGHTS = list(accumulate(trade.weight for trade in TRADES))
_AGE_WEIGHTS = list(accumulate(weight for *_, weight in AGES))
_STATE_WORDS = [word for word, _ in STATES]
_STATE_WEIGHTS = _weighted(STATES)
_CAPITAL_WORDS = [amount for amount, _ in CAPITAL_CNY]
_CAPITAL_WEIGHTS = _weighted(CAPITAL_CNY)
_SMALL_WORDS = [amount for amount, _ in SMALL_CAPITAL_CNY]
_SMALL_WEIGHTS = _weighted(SMALL_CAPITAL_CNY)
_TWO = len(NAME_FIRST) * len(NAME_SECOND)
_STRIDE = 7_919
"""Prime, and no divisor of the number of short names: walks through all of them."""


def years_between(born_on: date, day: date) -> int:
    """Return the age in whole years on `day`."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def _blocks(seed: str, what: str, count: int) -> Iterator[tuple[random.Random, range]]:
    for start in range(0, count, BLOCK):
        # Invented rows need to be repeatable, not unguessable.
        rng = random.Random(f"{seed}/{what}/{start}")  # noqa: S311
        yield rng, range(start, min(start + BLOCK, count))


def persons(
    *, seed: str, count: int, towns: Sequence[Town], as_of: date, district_name: str
) -> Iterator[InventedPerson]:
    """Draw `count` persons; the first is always an adult.

    Args:
        seed: The same seed and day give the same persons.
        count: How many.
        towns: Where they live; at least one.
        as_of: Day on which they have their ages.
        district_name: Written before the town in addresses.
    """
    used: Counter[tuple[date, Gender]] = Counter()
    division = towns[0].code[:6]
    for rng, block in _blocks(seed, "persons", count):
        surnames = rng.choices(_SURNAME_WORDS, cum_weights=_SURNAME_WEIGHTS, k=len(block))
        ages = rng.choices(AGES, cum_weights=_AGE_WEIGHTS, k=len(block))
        for number, surname, (youngest, oldest, _) in zip(block, surnames, ages, strict=True):
            gender = Gender.MALE if rng.random() < 0.5 else Gender.FEMALE
            years = rng.randint(youngest, oldest) if number else 40
            born_on, sequence = _place_in_line(
                as_of - timedelta(days=years * 365 + rng.randrange(365)), gender, used
            )
            town = rng.choice(towns)
            hukou = (
                (division, town.code, _address(rng, district_name, town))
                if rng.random() < LOCAL_SHARE
                else _hukou_elsewhere(rng)
            )
            given = _given_name(rng, gender)
            yield InventedPerson(
                id=uuid.UUID(int=rng.getrandbits(128), version=4),
                name=surname + given,
                name_pinyin=" ".join((_SURNAME_READINGS[surname], *map(reading, given))),
                gender=gender,
                born_on=born_on,
                hukou_division=hukou[0],
                hukou_town=hukou[1],
                hukou_address=hukou[2],
                address=_address(rng, district_name, town),
                id_number=citizen_id.generate(
                    division=division, born_on=born_on, sequence=sequence
                ),
                phone=_mobile(rng) if rng.random() < _phone_share(years) else "",
            )


def _place_in_line(
    born_on: date, gender: Gender, used: Counter[tuple[date, Gender]]
) -> tuple[date, int]:
    """Return a birth date with a free sequence: odd for men, even for women."""
    while True:
        sequence = FIRST_SEQUENCE + 2 * used[born_on, gender] + (gender is Gender.MALE)
        if sequence <= LAST_SEQUENCE:
            used[born_on, gender] += 1
            return born_on, sequence
        born_on -= timedelta(days=1)


def _given_name(rng: random.Random, gender: Gender) -> str:
    own = GIVEN_MALE if gender is Gender.MALE else GIVEN_FEMALE
    if rng.random() < 0.25:
        return rng.choice(own)
    return rng.choice(GIVEN_BOTH if rng.random() < 0.5 else own) + rng.choice(own)


def _hukou_elsewhere(rng: random.Random) -> tuple[str, str, str]:
    division, name = rng.choice(ELSEWHERE)
    return division, "", f"{name}{rng.choice(ROADS)}{rng.randint(1, 1999)}号"


def _phone_share(years: int) -> float:
    if years < 12:
        return 0.0
    return 0.5 if years >= 75 else 0.95


def _mobile(rng: random.Random) -> str:
    return f"140{rng.randrange(10**8):08d}"


def _address(rng: random.Random, district_name: str, town: Town) -> str:
    return (
        f"{district_name}{town.name}{rng.choice(ROADS)}{rng.randint(1, 1999)}号"
        f"{rng.randint(1, 30)}幢{rng.randint(1, 20)}0{rng.randint(1, 4)}室"
    )


def entities(
    *,
    seed: str,
    count: int,
    towns: Sequence[Town],
    representatives: Sequence[Representative],
    as_of: date,
    city_name: str,
    district_name: str,
) -> Iterator[InventedEntity]:
    """Draw `count` legal entities with names and codes of their own.

    Args:
        seed: The same seed, day and representatives give the same entities.
        count: At most 900,000: so many codes begin with XXX0.
        towns: Where they sit; at least one.
        representatives: Adults; at least one.
        as_of: Last day on which one is established.
        city_name: Begins the names of firms.
        district_name: Written before the town in addresses and names of shops.
    """
    division = towns[0].code[:6]
    named: Counter[str] = Counter()
    for rng, block in _blocks(seed, "entities", count):
        size = len(block)
        trades = rng.choices(TRADES, cum_weights=_TRADE_WEIGHTS, k=size)
        states = rng.choices(_STATE_WORDS, cum_weights=_STATE_WEIGHTS, k=size)
        capitals = rng.choices(_CAPITAL_WORDS, cum_weights=_CAPITAL_WEIGHTS, k=size)
        smalls = rng.choices(_SMALL_WORDS, cum_weights=_SMALL_WEIGHTS, k=size)
        for number, trade, status, capital, small in zip(
            block, trades, states, capitals, smalls, strict=True
        ):
            town = rng.choice(towns)
            short = short_name(named[trade.word])
            named[trade.word] += 1
            representative = rng.choice(representatives)
            prefix, suffix = (
                (city_name, "有限公司")
                if trade.kind is _E
                else (district_name + town.name if trade.kind is _I else city_name, "")
            )
            department, kind = _KIND_CODES[trade.kind]
            yield InventedEntity(
                uscc=uscc.generate(
                    department=department, kind=kind, division=division, body=body_code(number)
                ),
                name=f"{prefix}{short}{trade.word}{suffix}",
                name_pinyin=" ".join(
                    (reading(prefix), *map(reading, short), reading(trade.word + suffix))
                ),
                kind=trade.kind,
                status=status,
                address=_address(rng, district_name, town),
                town_code=town.code,
                industry_code=trade.industry,
                representative_ref=representative.ref,
                representative_name=representative.name,
                established_on=_established_on(rng, representative.born_on, as_of),
                phone=f"021-0{rng.randrange(10**7):07d}",
                capital_cny=capital if trade.kind is _E else small,
            )


def _established_on(rng: random.Random, born_on: date, as_of: date) -> date:
    """Return a day between the representative's coming of age and `as_of`, mostly recent."""
    first = max(OLDEST_FIRM, born_on + timedelta(days=(ADULT_YEARS + 1) * 366))
    span = (as_of - first).days
    if span <= 0:
        return as_of
    return as_of - timedelta(days=int(rng.expovariate(1 / MEAN_AGE_DAYS)) % (span + 1))


def short_name(number: int) -> str:
    """Return the `number`-th short name: two characters first, then three; none twice."""
    place, longer = number % _TWO * _STRIDE % _TWO, number // _TWO
    two = NAME_FIRST[place % len(NAME_FIRST)] + NAME_SECOND[place // len(NAME_FIRST)]
    if not longer:
        return two
    if longer > len(NAME_THIRD):
        raise ValueError("more names of one trade than the tables hold")
    return two + NAME_THIRD[longer - 1]


def body_code(number: int) -> str:
    """Return the first eight characters of the organisation code of the `number`-th entity.

    `XXX` and five characters of the USCC alphabet, `XXX00000` first.
    """
    digits = ""
    for _ in range(5):
        number, place = divmod(number, len(uscc.ALPHABET))
        digits = uscc.ALPHABET[place] + digits
    if number:
        raise ValueError("no body code left")
    return "XXX" + digits
