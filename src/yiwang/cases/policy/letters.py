"""What the letters of a case say (办件文书): title, paragraphs, remedies.

A body is plain data, frozen with the letter: `facts` as label and text, `paragraphs`, `remedies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.procedure import HEARING_REQUEST_WORKDAYS
from yiwang.cases.policy.remedies import remedies_of
from yiwang.cases.policy.terms import NUMBER_WORDS, DocumentKind
from yiwang.catalogue.policy.items import ItemType, ItemVersion, ReformMode

Body = dict[str, object]

AUTOMATIC_NOTES = (
    "本决定由系统按照本事项公布的自动办理规则核对数据后作出，办理过程没有工作人员参与，"
    "由本机关负责。",
    "您有权要求本机关说明核对了哪些数据、依据哪一条规则，也可以要求由工作人员复核："
    "在办件页面选择“要求人工复核”，或者到收件窗口提出。",
)
"""What a decision by rules says besides. Source: 个人信息保护法 第二十四条."""


FILING_TITLES: Mapping[DocumentKind, str] = {
    DocumentKind.GRANT_DECISION: "备案通知书",
    DocumentKind.REFUSAL_DECISION: "不予备案通知书",
}
"""What the letters about a filing are called in place of decisions."""

FILING_WORDS: Mapping[DocumentKind, str] = {
    DocumentKind.GRANT_DECISION: "备",
    DocumentKind.REFUSAL_DECISION: "不备",
}
"""Word of such a letter in its number; nothing was permitted (准)."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What every letter names."""

    case_number: str
    query_code: str
    item: ItemVersion
    applicant_name: str
    department_name: str


def chinese_day(day: date) -> str:
    """Return a day as it is written in a letter, `2026年3月6日`."""
    return f"{day.year}年{day.month}月{day.day}日"


def document_number(
    *, kind: DocumentKind, item: ItemVersion, department_name: str, year: int, serial: int | str
) -> str:
    """Return the number of a letter (文号) with six-corner brackets, `嘉市监受〔2026〕7号`."""
    word = FILING_WORDS[kind] if files(kind, item) else NUMBER_WORDS[kind]
    return f"{department_name}{word}〔{year}〕{serial}号"


def files(kind: DocumentKind, item: ItemVersion) -> bool:
    """Tell whether the letter is about a filing (审批改为备案) and no decision on a licence."""
    return item.reform_mode is ReformMode.FILE and kind in FILING_TITLES


def title(kind: DocumentKind, item: ItemVersion) -> str:
    """Return the title; a decision on something that is no licence does not call it one.

    What was turned into a filing (审批改为备案) is filed, not granted.
    """
    if files(kind, item):
        return FILING_TITLES[kind]
    if item.item_type is ItemType.LICENCE:
        return kind.label
    return kind.label.replace("行政许可决定书", "决定书")


def receipt(
    heading: Heading,
    *,
    received: str,
    taken_by: str,
    window: str,
    materials: Sequence[str],
    handled: Sequence[str] = (),
    letter: Mailed | None = None,
) -> Body:
    """Return what the receipt (收件凭证) says: everything that was handed in.

    `handled` are sentences on who accepts and where the result is collected (街镇窗口). Of a
    letter it says how and on which day it came, and it goes back by post.

    Source:
        行政许可法 第三十二条第二款 (written proof with date).
    """
    facts = [
        *_facts(heading),
        ("登记时间" if letter else "收件时间", received),
        ("收件人员", taken_by),
    ]
    if window:
        facts.append(("收件窗口", window))
    if letter is not None:
        day = chinese_day(letter.received_on)
        facts += [("收件方式", letter.words), ("收到日期", day)]
        handled = [*handled, f"受理期限自收到信函之日（{day}）起计算，本凭证邮寄给申请人。"]
    return _body(
        facts,
        [f"已收到您提交的“{heading.item.name}”申请。", "收到的材料：", *materials, *handled],
        ["凭查询码和手机号后四位可以随时查询办理进度。"],
    )


def further_receipt(
    heading: Heading,
    *,
    what: str,
    received: str,
    taken_by: str,
    brought_by: str,
    window: str,
    materials: Sequence[str],
) -> Body:
    """Return what the receipt of papers brought to a window later says: each, and in which form.

    Source:
        行政许可法 第三十二条第二款, likewise.
    """
    facts = [
        *_facts(heading),
        ("收件时间", received),
        ("收件人员", taken_by),
        ("交件人", brought_by),
    ]
    if window:
        facts.append(("收件窗口", window))
    return _body(
        facts,
        [f"已收到您为“{heading.item.name}”申请{what}的材料：", *materials],
        ["凭查询码和手机号后四位可以随时查询办理进度。"],
    )


def spot_receipt(
    heading: Heading,
    *,
    received: str,
    taken_by: str,
    fixed_by: str,
    window: str,
    lines: Sequence[str],
) -> Body:
    """Return what the receipt of a correction on the spot says (当场更正).

    Source:
        行政许可法 第三十二条第一款第三项, 第二款.
    """
    facts = [
        *_facts(heading),
        ("更正时间", received),
        ("经办人员", taken_by),
        ("更正人", fixed_by),
    ]
    if window:
        facts.append(("收件窗口", window))
    return _body(
        facts,
        [
            f"您的“{heading.item.name}”申请已当场更正：",
            *lines,
            "原来填写的内容和提交的材料存档备查。当场更正不是补正，受理期限照常计算。",
        ],
        ["凭查询码和手机号后四位可以随时查询办理进度。"],
    )


def acceptance_notice(
    heading: Heading,
    *,
    accepted_on: date,
    statutory_on: date,
    promised_on: date,
    deemed: bool,
    same_day: bool = False,
    later: Sequence[str] = (),
) -> Body:
    """Return what the notice of acceptance (受理通知书) says: both limits and the expected day.

    On notice and commitment (告知承诺) the promise is the day of acceptance itself. The notice does
    not call complete what lacks the materials that were promised `later` (容缺后补).

    Source:
        行政许可法 第三十二条, 第四十二条.
    """
    limit = heading.item.limit
    paragraphs = [
        f"您提交的“{heading.item.name}”申请，"
        + (
            "因本机关逾期未告知需要补正的内容，依照《中华人民共和国行政许可法》第三十二条，"
            f"自收到申请材料之日{chinese_day(accepted_on)}起即为受理。"
            if deemed
            else f"申请材料{_but_for(later)}齐全、符合法定形式，"
            f"本机关决定自{chinese_day(accepted_on)}起予以受理。"
        ),
        f"法定办结时限为{limit.statutory_workdays}个工作日，至{chinese_day(statutory_on)}；"
        + (
            f"本申请按告知承诺方式办理，当日（{chinese_day(promised_on)}）作出决定。"
            if same_day
            else f"承诺办结时限为{limit.promised_workdays}个工作日，至{chinese_day(promised_on)}。"
        ),
    ]
    if heading.item.consult_phone:
        paragraphs.append(f"咨询电话：{heading.item.consult_phone}。")
    return _body(_facts(heading), paragraphs, [])


def _but_for(later: Sequence[str]) -> str:
    return f"除您承诺后补的{'、'.join(f'“{name}”' for name in later)}外" if later else ""


def correction_notice(
    heading: Heading, *, lines: Sequence[tuple[str, str, str, str]], due_on: date
) -> Body:
    """Return what the notice to complete (补正告知书) says: everything, once, and by when.

    Args:
        heading: What every letter names.
        lines: What, why, an example and the form to file it in, for each thing.
        due_on: Last day to file.

    Source:
        行政许可法 第二十九条第三款 (by post, too), 第三十二条第一款第四项.
    """
    paragraphs = ["您的申请材料需要补正，现一次性告知需要补正的全部内容："]
    for place, (what, why, example, form) in enumerate(lines, start=1):
        paragraphs.append(
            f"{place}. {sentence(what)}理由：{sentence(why)}"
            + (f"示例：{sentence(example)}" if example else "")
            + (f"提交形式：{sentence(form)}" if form else "")
        )
    points = heading.item.service_points
    places = "、".join(
        f"{point.name}（{point.address}）" if point.address else point.name for point in points
    )
    posted = f"，也可以邮寄到{places}（以收到的日期为准）" if places else ""
    paragraphs.append(
        f"请于{chinese_day(due_on)}前通过办理进度页面或者收件窗口提交{posted}。本告知只作一次。"
    )
    return _body(_facts(heading), paragraphs, [])


def sentence(text: str) -> str:
    """Return `text` with one full stop at its end."""
    text = text.rstrip()
    return text if text.endswith(("！", "？")) else text.rstrip("。；，.;,") + "。"


def refusal_letter(
    heading: Heading,
    *,
    opening: str,
    reason: str,
    article: str,
    elsewhere: str = "",
    unmet: Sequence[int] = (),
) -> Body:
    """Return what a letter that says no says: facts, conditions, reason, article, remedies.

    `unmet` are places, from 1, among the published conditions of the item; the body keeps them as
    `unmet` beside the words.

    Source:
        行政许可法 第三十条 (conditions are published), 第三十二条 (not accepted), 第三十八条第二款
        (reasons and remedies).
    """
    paragraphs = [opening]
    if unmet:
        conditions = (heading.item.conditions[place - 1] for place in unmet)
        paragraphs += ["不符合本事项公布的下列条件：", *map(sentence, conditions)]
    paragraphs += [f"理由：{sentence(reason)}", f"依据：{sentence(article)}"]
    if elsewhere:
        paragraphs.append(f"请向{elsewhere}提出申请。")
    body = _body(_facts(heading), paragraphs, remedies(heading.item))
    return body | {"unmet": list(unmet)} if unmet else body


def grant_letter(
    heading: Heading, *, reason: str, article: str, valid_from: date, valid_until: date | None
) -> Body:
    """Return what the decision to grant says: facts, article, content, validity, duties.

    Source:
        行政许可法 第三十八条第一款, 第四十条, 第六十七条.
    """
    until = f"至{chinese_day(valid_until)}（不含当日）" if valid_until else "起长期有效"
    filed = heading.item.reform_mode is ReformMode.FILE
    return _body(
        _facts(heading),
        [
            f"您报送的“{heading.item.name}”材料齐全、符合法定形式，本机关予以备案。"
            if filed
            else f"您提出的“{heading.item.name}”申请，经审查符合法定条件、标准，本机关决定准予。",
            f"事实和理由：{sentence(reason)}",
            f"依据：{sentence(article)}",
            f"结果：{heading.item.result.name}，有效期自{chinese_day(valid_from)}{until}。",
            f"您应当依法开展活动，接受监督检查。监管方式：{heading.item.supervision.method}。",
        ],
        [],
    )


def special_notice(
    heading: Heading,
    *,
    name: str,
    basis: str,
    reason: str,
    workdays: int,
    from_on: date,
    until_on: date,
) -> Body:
    """Return what the notice of a special procedure says: kind, ground, duration, no count.

    Source:
        行政许可法 第四十五条.
    """
    return _body(
        _facts(heading),
        [
            f"办理您的“{heading.item.name}”申请，依法需要{name}。理由：{reason}",
            f"依据：{basis}",
            f"所需时间为{workdays}个工作日，自{chinese_day(from_on)}起，"
            f"预计至{chinese_day(until_on)}。",
            "依照《中华人民共和国行政许可法》第四十五条，以上时间不计算在办理期限内；"
            "有结果后即恢复计算，并另行告知您。",
        ],
        [],
    )


def extension_notice(
    heading: Heading, *, reason: str, workdays: int, until_on: date, approved_by: str, joint: bool
) -> Body:
    """Return what the notice of an extension says: why, until when, who approved.

    Source:
        行政许可法 第四十二条: the reasons are told to the applicant.
    """
    who = "本级人民政府负责人" if joint else "本机关负责人"
    return _body(
        _facts(heading),
        [
            f"您的“{heading.item.name}”申请在原定期限内不能作出决定。理由：{reason}",
            f"依照《中华人民共和国行政许可法》第四十二条，经{who}（{approved_by}）批准，"
            f"办理期限延长{workdays}个工作日，至{chinese_day(until_on)}。期限只延长一次。",
        ],
        [],
    )


def hearing_right(heading: Heading, *, reason: str, due_on: date) -> Body:
    """Return what the letter says that tells the right to a hearing.

    Source:
        行政许可法 第四十七条.
    """
    return _body(
        _facts(heading),
        [
            f"您的“{heading.item.name}”申请直接涉及申请人与他人之间的重大利益关系：{reason}",
            "您和利害关系人享有要求听证的权利，可以自收到本告知书之日起"
            f"{HEARING_REQUEST_WORKDAYS}个工作日内（{chinese_day(due_on)}前）提出；逾期视为不要求听证。",
            "您和利害关系人不承担行政机关组织听证的费用。听证所需时间不计算在办理期限内。",
        ],
        [],
    )


def hearing_notice(
    heading: Heading, *, held_at: str, place: str, chair: str, public: bool, moved: str = ""
) -> Body:
    """Return what the letter says that tells time and place of the hearing.

    `moved` says from when it was moved and why; empty: told for the first time.

    Source:
        行政许可法 第四十八条.
    """
    return _body(
        [*_facts(heading), ("听证时间", held_at), ("听证地点", place), ("听证主持人", chair)],
        [
            *([moved] if moved else []),
            f"本机关决定就“{heading.item.name}”申请{'公开' if public else ''}举行听证。",
            "听证主持人不是审查该申请的工作人员。您认为主持人与该申请有直接利害关系的，有权申请回避。",
            "听证时，审查人员应当提供审查意见的证据、理由，您和利害关系人可以提出证据，并进行申辩和质证。",
            "听证制作笔录，交听证参加人确认无误后签字或者盖章；本机关根据听证笔录作出决定。",
        ],
        [],
    )


def hearing_announcement(
    heading: Heading, *, reason: str, held_at: str = "", place: str = "", moved: str = ""
) -> Body:
    """Return what the public announcement of a hearing says.

    Source:
        行政许可法 第四十六条, 第四十八条第一款第一项.
    """
    facts = [("事项", heading.item.name), ("办理机关", heading.department_name)]
    if held_at:
        facts += [("听证时间", held_at), ("听证地点", place)]
    words = f"本机关将就“{heading.item.name}”申请举行听证。听证事项：{reason}"
    return _body(facts, [*([moved] if moved else []), words], [])


def hearing_record(
    heading: Heading, *, held_at: str, place: str, chair: str, text: str, signed_by: Sequence[str]
) -> Body:
    """Return the record of a hearing with the names of those who signed it.

    Source:
        行政许可法 第四十八条第一款第五项.
    """
    return _body(
        [*_facts(heading), ("听证时间", held_at), ("听证地点", place), ("听证主持人", chair)],
        [*text.splitlines(), f"签字或者盖章：{'、'.join(signed_by)}"],
        [],
    )


def interested_notice(
    heading: Heading, *, name: str, reached: str, interest: str, due_on: date
) -> Body:
    """Return what the letter to an interested person says (利害关系人告知书).

    Of the applicant it tells the name and the item, and nothing by which to ask for the case.

    Source:
        行政许可法 第三十六条.
    """
    return _body(
        [
            ("利害关系人", name),
            ("联系方式", reached),
            ("事项", heading.item.name),
            ("申请人", heading.applicant_name),
            ("办理机关", heading.department_name),
        ],
        [
            f"{heading.applicant_name}提出的“{heading.item.name}”申请直接关系您的重大利益：{interest}",
            f"您有权进行陈述和申辩，请于{chinese_day(due_on)}前向本机关提出，书面、口头均可；"
            "没有意见的，也请告知本机关。逾期没有提出的，不影响本机关作出决定。",
            "本机关听取申请人和您的意见后作出决定。",
        ],
        [],
    )


def views_notice(heading: Heading, *, who: str, interest: str, due_on: date) -> Body:
    """Return what the letter to the applicant says whose case touches somebody else.

    Source:
        行政许可法 第三十六条.
    """
    return _body(
        [*_facts(heading), ("利害关系人", who)],
        [
            f"您的“{heading.item.name}”申请直接关系他人的重大利益：{interest}",
            f"本机关已告知利害关系人。您有权进行陈述和申辩，请于{chinese_day(due_on)}前"
            "在办件页面或者向本机关提出；没有意见的，也请告知本机关。"
            "逾期没有提出的，不影响本机关作出决定。",
            "听取意见的时间计算在办理期限内。",
        ],
        [],
    )


def site_check_record(
    heading: Heading,
    *,
    checked_on: date,
    place: str,
    officers: Sequence[str],
    found: str,
    witness: str,
) -> Body:
    """Return the record of what the officers found on the spot.

    Source:
        行政许可法 第三十四条第三款: two or more officers.
    """
    facts = [
        *_facts(heading),
        ("核查日期", chinese_day(checked_on)),
        ("核查地点", place),
        ("核查人员", "、".join(officers)),
    ]
    if witness:
        facts.append(("在场的申请人一方", witness))
    return _body(facts, found.splitlines(), [])


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What an internal letter tells of its case before anybody's opinion.

    Attributes:
        sections: Heading and lines; without lines: 无.
    """

    accepted_on: date | None
    statutory_on: date | None
    promised_on: date | None
    sections: Sequence[tuple[str, Sequence[str]]]


def review_opinion(heading: Heading, sheet: Sheet, *, review: Sequence[str]) -> Body:
    """Return what the reviewer found and proposes (审查意见), for the file alone.

    Source:
        行政许可法 第三十四条第一款.
    """
    return _internal(heading, sheet, [("审查意见", review)])


def approval_form(
    heading: Heading, sheet: Sheet, *, review: Sequence[str], decision: Sequence[str]
) -> Body:
    """Return the form of review and approval (审批表), for the file alone.

    Source:
        行政许可法 第三十四条 (review), 第三十七条 (decision after review).
    """
    return _internal(heading, sheet, [("审查意见", review), ("核准意见", decision)])


def _internal(
    heading: Heading, sheet: Sheet, opinions: Sequence[tuple[str, Sequence[str]]]
) -> Body:
    days = (
        ("受理日期", sheet.accepted_on),
        ("法定办结", sheet.statutory_on),
        ("承诺办结", sheet.promised_on),
    )
    facts = [
        *_facts(heading),
        ("事项版本", f"第{heading.item.version}版"),
        *((label, chinese_day(day)) for label, day in days if day),
    ]
    paragraphs = []
    for place, (name, lines) in enumerate((*sheet.sections, *opinions)):
        paragraphs += [f"{ORDINALS[place]}、{name}", *(lines or ["无。"])]
    return _body(facts, paragraphs, [])


ORDINALS = "一二三四五六七八九十"
"""How sections of a letter are counted."""


def signed_letter(
    heading: Heading, *, paragraphs: Sequence[str], signature: str, sha256: str, sm3: str
) -> Body:
    """Return a letter that the applicant signed: the text, the signature and both hashes.

    Source:
        电子签名法 第十三条 (who signed, and that nothing was changed since).
    """
    facts = [*_facts(heading), ("签署", signature)]
    hashes = f"签署的文本的摘要：SHA-256 {sha256}；SM3 {sm3}。"
    return _body(facts, [*paragraphs, hashes], [])


def order_to_correct(
    heading: Heading,
    *,
    facts_found: str,
    conditions: Sequence[str],
    due_on: date,
    consequences: Sequence[str],
) -> Body:
    """Return what an order to correct says (责令限期改正通知书).

    Source:
        上海市优化营商环境条例 第二十七条.
    """
    paragraphs = [
        f"您以告知承诺方式取得“{heading.item.result.name}”后，经核查：{facts_found}",
        *(f"没有履行的承诺：{one}" for one in conditions),
        f"责令您于{chinese_day(due_on)}前改正。改正后本机关将再次核查。",
        *consequences,
    ]
    return _body(_facts(heading), paragraphs, remedies(heading.item))


def delivery_receipt(
    heading: Heading,
    *,
    letter: str,
    channel: str,
    recipient: str,
    relation: str,
    on: date,
    delivered_by: str,
    note: str,
) -> Body:
    """Return what the receipt of delivery (送达回证) says.

    Source:
        行政许可法 第四十四条; 民事诉讼法 第八十七条 (receipt with day and recipient), likewise.
    """
    facts = [
        *_facts(heading),
        ("送达文书", letter),
        ("送达方式", channel),
        ("送达日期", chinese_day(on)),
        ("签收人", recipient),
        ("与受送达人关系", relation),
        ("送达人", delivered_by),
    ]
    return _body(facts, [f"备注：{note}"], [])


def fix_letter(heading: Heading, *, letter: str, wrong: str, right: str, reason: str) -> Body:
    """Return what a notice of correction (文书更正通知书) says; the old letter stays as it is."""
    return _body(
        [*_facts(heading), ("更正的文书", letter)],
        [
            f"本机关制发的{letter}有文字错误，现更正如下：",
            f"原文：{wrong}",
            f"更正为：{right}",
            f"理由：{reason}",
            "其余内容不变。本通知书与原文书一并使用。",
        ],
        [],
    )


def withdrawal_letter(heading: Heading) -> Body:
    """Return what the notice of the end (终止办理通知书) says to who withdrew the application."""
    return _body(
        _facts(heading),
        [f"应您的申请，本机关终止办理您的“{heading.item.name}”申请。您可以重新提出申请。"],
        [],
    )


def termination_letter(
    heading: Heading, *, ground: str, article: str, facts: str, happened_on: date
) -> Body:
    """Return what the notice of the end (终止办理通知书) says where nobody withdrew.

    Source:
        行政许可法 第三十二条, 第七十条 likewise; 第三十八条第二款 likewise (reasons, remedies).
    """
    return _body(
        [
            *_facts(heading),
            ("终止事由", ground),
            ("依据", article),
            ("事由发生日期", chinese_day(happened_on)),
        ],
        [
            f"查明：{facts}",
            f"本机关终止办理“{heading.item.name}”申请。终止不是对申请内容的决定，"
            "仍需办理的可以重新提出申请。",
        ],
        remedies(heading.item),
    )


def remedies(item: ItemVersion) -> list[str]:
    """Return how to have the act reviewed, where and by when."""
    ways = remedies_of(item)
    return [
        f"如不服本决定，可以自收到之日起{ways.review_days}日内向{ways.review_body}申请行政复议，"
        f"或者自收到之日起{ways.suit_months}个月内依法向{ways.court}提起行政诉讼。"
    ]


def articles(item: ItemVersion) -> str:
    """Return the legal bases of the item as a letter cites them."""
    return "；".join(f"《{basis.law}》{basis.article}" for basis in item.basis)


def _facts(heading: Heading) -> list[tuple[str, str]]:
    return [
        ("办件编号", heading.case_number),
        ("查询码", heading.query_code),
        ("事项", heading.item.name),
        ("申请人", heading.applicant_name),
        ("办理机关", heading.department_name),
    ]


def _body(
    facts: Sequence[tuple[str, str]], paragraphs: Sequence[str], remedies: Sequence[str]
) -> Body:
    return {
        "facts": [list(pair) for pair in facts],
        "paragraphs": list(paragraphs),
        "remedies": list(remedies),
    }
