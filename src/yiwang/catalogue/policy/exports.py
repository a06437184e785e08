"""Items as flat rows for open data (事项开放数据): columns, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from yiwang.catalogue.policy.items import (
    ITEM_TYPE_CODES,
    ItemVersion,
    Necessity,
    WaiveBy,
    fully_online,
    online_depth_of,
    pilot_words,
)
from yiwang.kernel.terms import Term

BOM = "\ufeff"
"""Mark at the start of the file, by which spreadsheets know that it is UTF-8."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so may be run as a formula by a spreadsheet."""

BETWEEN = "；"
"""Between the values of a cell that holds several."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """What an item only refers to by code.

    Attributes:
        departments: Code of a department -> its name.
        towns: Slug -> the centres of towns that do the item, with the mode of each.
    """

    departments: Mapping[str, str]
    towns: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the table of items.

    Attributes:
        key: Name for programs.
        title: Heading of the column.
        meaning: What a cell holds.
        cell: The value for one item.
    """

    key: str
    title: str
    meaning: str
    cell: Callable[[ItemVersion, Names], object]


def _joined(terms: Iterable[object]) -> str:
    return BETWEEN.join(one.label if isinstance(one, Term) else str(one) for one in terms)


def _yes(value: bool) -> str:
    return "是" if value else "否"


COLUMNS: tuple[Column, ...] = (
    Column(
        key="slug", title="标识", meaning="事项在网址中的名字", cell=lambda item, names: item.slug
    ),
    Column(
        key="version",
        title="版本",
        meaning="从1起编号，每次发布加1",
        cell=lambda item, names: item.version,
    ),
    Column(key="name", title="事项名称", meaning="发布的名称", cell=lambda item, names: item.name),
    Column(
        key="item_type",
        title="事项类型",
        meaning="十类行政权力或者公共服务",
        cell=lambda item, names: item.item_type.label,
    ),
    Column(
        key="item_type_code",
        title="事项类型代码",
        meaning="两位数字，GB/T 39046附录A.1",
        cell=lambda item, names: ITEM_TYPE_CODES[item.item_type],
    ),
    Column(
        key="basic_code",
        title="基本编码",
        meaning="12位",
        cell=lambda item, names: item.basic_code,
    ),
    Column(
        key="task_code",
        title="实施编码",
        meaning="31位",
        cell=lambda item, names: item.task_code,
    ),
    Column(
        key="external_code",
        title="原系统编码",
        meaning="来源系统的编码，没有的为空",
        cell=lambda item, names: item.external_code,
    ),
    Column(
        key="department",
        title="实施部门代码",
        meaning="本平台的部门代码",
        cell=lambda item, names: item.department,
    ),
    Column(
        key="department_name",
        title="实施部门",
        meaning="部门名称",
        cell=lambda item, names: names.departments.get(item.department, ""),
    ),
    Column(
        key="audiences",
        title="服务对象",
        meaning="自然人、法人及其他组织，可以有几个",
        cell=lambda item, names: _joined(item.audiences),
    ),
    Column(key="field", title="领域", meaning="浏览用的分类", cell=lambda item, names: item.field),
    Column(
        key="themes",
        title="主题",
        meaning="可以有几个",
        cell=lambda item, names: _joined(item.themes),
    ),
    Column(
        key="summary",
        title="说明",
        meaning="一两句话",
        cell=lambda item, names: item.summary,
    ),
    Column(
        key="case_kind",
        title="办件类型",
        meaning="即办件或者承诺件",
        cell=lambda item, names: item.case_kind.label,
    ),
    Column(
        key="statutory_workdays",
        title="法定办结时限（工作日）",
        meaning="0为当场办结",
        cell=lambda item, names: item.limit.statutory_workdays,
    ),
    Column(
        key="promised_workdays",
        title="承诺办结时限（工作日）",
        meaning="0为当场办结",
        cell=lambda item, names: item.limit.promised_workdays,
    ),
    Column(
        key="channels",
        title="办理形式",
        meaning="网上、窗口，可以有几个",
        cell=lambda item, names: _joined(item.channels),
    ),
    Column(
        key="online_depth",
        title="网上办理深度",
        meaning="可以有几个",
        cell=lambda item, names: _joined(online_depth_of(item)),
    ),
    Column(
        key="fully_online",
        title="全程网办",
        meaning="可以网上办理并且不用到场",
        cell=lambda item, names: _yes(fully_online(item)),
    ),
    Column(
        key="onsite_times",
        title="到办事现场次数",
        meaning="必须到场的次数",
        cell=lambda item, names: item.onsite_times,
    ),
    Column(
        key="mobile",
        title="移动端办理",
        meaning="是、否",
        cell=lambda item, names: _yes(item.mobile),
    ),
    Column(
        key="self_terminal",
        title="自助终端办理",
        meaning="是、否",
        cell=lambda item, names: _yes(item.self_terminal),
    ),
    Column(
        key="cross_area",
        title="通办范围",
        meaning="只在本区办理的为空",
        cell=lambda item, names: item.cross_area,
    ),
    Column(
        key="in_hall",
        title="进驻政务大厅",
        meaning="是、否",
        cell=lambda item, names: _yes(item.in_hall),
    ),
    Column(
        key="not_in_hall_reason",
        title="不进驻的理由",
        meaning="进驻的为空",
        cell=lambda item, names: item.not_in_hall_reason,
    ),
    Column(
        key="town_windows",
        title="就近办的街镇窗口",
        meaning="社区事务受理服务中心和办理方式（直接受理、收受分离），可以有几个；没有下沉的为空",
        cell=lambda item, names: _joined(names.towns.get(item.slug, ())),
    ),
    Column(
        key="charged",
        title="是否收费",
        meaning="是、否",
        cell=lambda item, names: _yes(bool(item.fees)),
    ),
    Column(
        key="materials",
        title="材料份数",
        meaning="全部材料，包括免于提交的",
        cell=lambda item, names: len(item.materials),
    ),
    Column(
        key="materials_waived",
        title="免于提交的材料份数",
        meaning="由系统生成、证照、数据共享或者承诺代替的",
        cell=lambda item, names: sum(one.waive_by is not WaiveBy.NONE for one in item.materials),
    ),
    Column(
        key="result",
        title="结果名称",
        meaning="申请人得到什么",
        cell=lambda item, names: item.result.name,
    ),
    Column(
        key="commitment",
        title="告知承诺",
        meaning="是否实行、哪一种",
        cell=lambda item, names: item.commitment.label,
    ),
    Column(
        key="commitment_check",
        title="告知承诺的核查",
        meaning="核查方式和决定后的期限；不实行审批告知承诺的为空",
        cell=lambda item, names: (
            f"{item.commitment_terms.check_method.label}，{item.commitment_terms.check_months}个月"
            if item.commitment_terms
            else ""
        ),
    ),
    Column(
        key="tolerable",
        title="可容缺的材料",
        meaning="材料名称，可以有几个；不能容缺的为空",
        cell=lambda item, names: _joined(
            one.name for one in item.materials if one.necessity is Necessity.TOLERABLE
        ),
    ),
    Column(
        key="reform_mode",
        title="证照分离改革方式",
        meaning="没有的为空",
        cell=lambda item, names: item.reform_mode.label if item.reform_mode else "",
    ),
    Column(
        key="reform_since",
        title="改革自哪天起",
        meaning="没有改革方式的为空",
        cell=lambda item, names: item.reform_since.isoformat() if item.reform_since else "",
    ),
    Column(
        key="reform_doc",
        title="改革依据的文件",
        meaning="文件名称或者文号；没有改革方式的为空",
        cell=lambda item, names: item.reform_doc,
    ),
    Column(
        key="reform_pilot",
        title="改革试点",
        meaning="本市清单以外试点的依据和期限；不是试点的为空",
        cell=lambda item, names: pilot_words(item.reform_pilot) if item.reform_pilot else "",
    ),
    Column(
        key="basis",
        title="设定依据",
        meaning="法律法规和条款，可以有几个",
        cell=lambda item, names: _joined(f"{one.law} {one.article}".strip() for one in item.basis),
    ),
    Column(
        key="consult_phone",
        title="咨询电话",
        meaning="不知道的为空",
        cell=lambda item, names: item.consult_phone,
    ),
    Column(
        key="complaint_phone",
        title="监督投诉电话",
        meaning="",
        cell=lambda item, names: item.complaint_phone,
    ),
    Column(
        key="effective_on",
        title="生效日期",
        meaning="这一版本从哪天起",
        cell=lambda item, names: item.effective_on.isoformat(),
    ),
    Column(
        key="source",
        title="来源",
        meaning="事实从哪里来",
        cell=lambda item, names: item.source,
    ),
)


def defused(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before it.

    Numbers are left alone.

    Example:
        `=1+1` becomes `'=1+1`.
    """
    text = str(value)
    if isinstance(value, str) and text.startswith(FORMULA_STARTS):
        return f"'{text}"
    return text


def csv_lines(items: Iterable[ItemVersion], names: Names) -> Iterator[str]:
    """Yield the table of items as CSV, line by line, the byte order mark first.

    Source:
        RFC 4180.
    """
    yield BOM + _csv_line(column.title for column in COLUMNS)
    for item in items:
        yield _csv_line(defused(column.cell(item, names)) for column in COLUMNS)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(list(cells))
    return line.getvalue()
