"""Words for the acts in the trail, so that an auditor reads no codes (操作日志)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

ACTS: Mapping[str, str] = {
    "audit.export": _("导出操作日志"),
    "audit.read": _("查看个人信息"),
    "cases.accept": _("受理"),
    "cases.ask_correction": _("一次性告知补正"),
    "cases.assign": _("分派"),
    "cases.attach": _("草稿添加文件"),
    "cases.check_material": _("核对材料"),
    "cases.close": _("送达办结"),
    "cases.decline": _("不予受理"),
    "cases.deem_accepted": _("逾期未告知视为受理"),
    "cases.delete_draft": _("删除草稿"),
    "cases.detach": _("草稿移除文件"),
    "cases.draft": _("新建草稿"),
    "cases.file_correction": _("提交补正"),
    "cases.file_material": _("补交容缺材料"),
    "cases.grant": _("准予"),
    "cases.grant_on_spot": _("当场准予"),
    "cases.no_need": _("告知依法不需许可"),
    "cases.propose": _("提出审查意见"),
    "cases.purge_drafts": _("清理到期草稿"),
    "cases.receive": _("收件"),
    "cases.refuse": _("不予"),
    "cases.refuse_on_spot": _("当场不予"),
    "cases.start_review": _("开始审查"),
    "cases.terminate": _("终止办理"),
    "cases.withdraw": _("撤回申请"),
    "catalogue.cancel_item": _("取消事项"),
    "catalogue.draft_approve_dept": _("部门审核通过事项草稿"),
    "catalogue.draft_approve_legal": _("法制审核通过事项草稿"),
    "catalogue.draft_begin": _("建立事项草稿"),
    "catalogue.draft_discard": _("作废事项草稿"),
    "catalogue.draft_publish": _("中心审核通过事项草稿"),
    "catalogue.draft_return": _("退回事项草稿"),
    "catalogue.draft_save": _("保存事项草稿"),
    "catalogue.draft_submit": _("送审事项草稿"),
    "catalogue.list_items": _("列入事项目录"),
    "catalogue.load_laws": _("装入法律条文"),
    "catalogue.publish_item": _("发布事项"),
    "catalogue.put_catalog_items": _("更新基本目录"),
    "catalogue.resume_item": _("恢复事项"),
    "catalogue.save_scene": _("更新场景"),
    "catalogue.suspend_item": _("暂停事项"),
    "consultations.answer": _("答复群众提问"),
    "consultations.ask": _("把提问交给工作人员"),
    "consultations.publish": _("公开提问和答复"),
    "consultations.transfer": _("转交群众提问"),
    "consultations.withdraw": _("撤下公开的答复"),
    "content.load": _("装入内容包"),
    "licences.cancel": _("注销证照"),
    "licences.download": _("下载证照"),
    "licences.forfeit": _("吊销证照"),
    "licences.issue": _("颁发证照"),
    "licences.replace": _("换发证照"),
    "licences.resume": _("恢复证照"),
    "licences.revoke": _("撤销证照"),
    "licences.save_type": _("保存证照类型"),
    "licences.suspend": _("暂扣证照"),
    "licences.withdraw": _("撤回证照"),
    "organisations.authorise": _("授权代理"),
    "organisations.bind_phone": _("绑定手机动态码"),
    "organisations.change_password": _("更改密码"),
    "organisations.close_account": _("停用账号"),
    "organisations.concentrate_power": _("集中行政许可权"),
    "organisations.create_applicant_account": _("开设申请人账号"),
    "organisations.create_staff": _("开设工作人员账号"),
    "organisations.delegate": _("委托代行岗位"),
    "organisations.grant_post": _("授予岗位"),
    "organisations.issue_token": _("签发接口令牌"),
    "organisations.link_identity": _("关联统一身份认证"),
    "organisations.reopen_account": _("重新启用账号"),
    "organisations.reset_password": _("重设密码"),
    "organisations.revoke_authorisation": _("取消授权代理"),
    "organisations.revoke_post": _("收回岗位"),
    "organisations.revoke_token": _("收回接口令牌"),
    "organisations.save_concentration": _("保存行政许可权集中规定"),
    "organisations.save_department": _("保存部门"),
    "organisations.sign_in": _("登录"),
    "organisations.unbind_phone": _("解绑手机动态码"),
    "ratings.answer": _("答复差评"),
    "ratings.close": _("办结差评"),
    "ratings.contact": _("联系评价人"),
    "ratings.rate": _("评价"),
    "registers.confirm_uscc_exception": _("确认统一社会信用代码例外"),
    "registers.find_person": _("查找自然人"),
    "registers.generate_population": _("生成演示人口"),
    "registers.reseal_persons": _("更换个人信息密钥"),
    "registers.save_entity": _("保存法人信息"),
    "registers.save_person": _("保存自然人信息"),
    "registers.save_place": _("保存地址信息"),
    "supervision.list_subject": _("列入监管名单"),
    "supervision.remove_subject": _("移出监管名单"),
}
"""Code of an act in the trail -> what people call it; no two share a name."""


def words(act: str) -> str:
    """Return what people call `act`; an act of a later release by its code."""
    known = ACTS.get(act)
    return gettext(known) if known else act


def code(text: str) -> str:
    """Return the code of the act that `text` names; codes and unknown words stay as they are."""
    wanted = text.strip()
    return next((act for act, name in ACTS.items() if wanted in {name, gettext(name)}), wanted)
