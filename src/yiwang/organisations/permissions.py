"""Permissions and posts as plain tables in code, reviewed like code (岗位权限表)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term

EVERYWHERE = "*"
"""Key in `Actor.posts` for posts that are held in every department."""


class Permission(Term):
    """One act on one kind of record."""

    CASE_RECEIVE = "case_receive", "窗口收件"
    CASE_ACCEPT = "case_accept", "受理、补正、提请不予受理"
    CASE_DECLINE = "case_decline", "决定不予受理、核实不予收件"
    CASE_REVIEW = "case_review", "审查"
    CASE_DECIDE = "case_decide", "决定"
    CASE_READ = "case_read", "查看办件"
    CASE_ASSIGN = "case_assign", "分派办件"
    CASE_DELIVER = "case_deliver", "送达发证"
    CASE_EXTEND = "case_extend", "批准延长期限"
    CASE_EXTEND_JOINT = "case_extend_joint", "批准联合办理的延长期限"
    CASE_END_PROPOSE = "case_end_propose", "提出撤销、撤回、注销"
    CASE_END = "case_end", "决定撤销、撤回、注销"
    FIGURES_READ = "figures_read", "查看办件指标"
    AUTO_SWITCH = "auto_switch", "停用和恢复自动办理"
    AUTO_SAMPLE = "auto_sample", "复核抽查的决定"
    AUTO_REPLAY = "auto_replay", "回放自动办理规则"
    ASSESSMENT_READ = "assessment_read", "查看个人信息保护影响评估"
    ASSESSMENT_WRITE = "assessment_write", "编写个人信息保护影响评估"
    ASSESSMENT_APPROVE = "assessment_approve", "批准、归档、删除个人信息保护影响评估"
    PERSON_FIND = "person_find", "按证件查找自然人和法人"
    PERSON_REVEAL = "person_reveal", "查看完整个人信息"
    COMMITMENT_CHECK = "commitment_check", "核查告知承诺"
    TRUST_KEEP = "trust_keep", "记入和修复信用约束记录"
    LICENCE_READ = "licence_read", "查看电子证照"
    LICENCE_CHANGE = "licence_change", "变更、暂扣、撤销电子证照"
    SUBJECT_READ = "subject_read", "查看监管对象"
    NOTICE_HANDLE = "notice_handle", "处理双告知"
    INSPECTION_HANDLE = "inspection_handle", "办理检查任务"
    RATING_READ = "rating_read", "查看评价"
    RATING_ANSWER = "rating_answer", "处理差评"
    CONSULT_ANSWER = "consult_answer", "答复咨询"
    ITEM_READ = "item_read", "查看事项"
    ITEM_EDIT = "item_edit", "编写事项"
    ITEM_APPROVE = "item_approve", "部门审核事项"
    ITEM_LEGAL = "item_legal", "法制审核事项"
    ITEM_PUBLISH = "item_publish", "中心审核并发布事项"
    NORM_KEEP = "norm_keep", "登记、更正、延长、废止规范性文件"
    ARCHIVE_READ = "archive_read", "查看和下载归档包"
    ARCHIVE_KEEP = "archive_keep", "归档、禁止销毁、提出销毁"
    ARCHIVE_APPROVE = "archive_approve", "批准销毁、批准解除禁止销毁"
    ARCHIVE_TRANSFER = "archive_transfer", "接收移交的归档包"
    TRAIL_READ = "trail_read", "查看操作日志"
    TRAIL_EXPORT = "trail_export", "导出操作日志"
    ALARM_CLOSE = "alarm_close", "处理查看告警"
    HALL_READ = "hall_read", "查看大厅运行情况"
    HALL_MANAGE = "hall_manage", "登记大厅人员和标准化检查"
    AGENCY_HANDLE = "agency_handle", "代办企业办件"
    USER_MANAGE = "user_manage", "管理账号"
    POST_GRANT = "post_grant", "授予岗位"
    SYSTEM_MANAGE = "system_manage", "管理系统运行"
    GATEWAY_MANAGE = "gateway_manage", "处理部门系统对接报文"
    WORK_DESK = "work_desk", "使用工作台"
    MESSAGE_READ = "message_read", "查看工作消息"
    OWN_AFFAIRS = "own_affairs", "以申请人身份办理"
    """What applicants do for themselves; of no post, it only narrows their tokens."""


class Post(Term):
    """A post a person holds in a department (岗位)."""

    COUNTER_CLERK = "counter_clerk", "窗口人员"
    REVIEWER = "reviewer", "审查人员"
    APPROVER = "approver", "审批人员"
    DEPARTMENT_HEAD = "department_head", "部门负责人"
    SUPERVISOR = "supervisor", "监管人员"
    ITEM_OWNER = "item_owner", "事项管理员"
    LEGAL_OFFICER = "legal_officer", "法制审核人员"
    ITEM_CHECKER = "item_checker", "中心事项审核人员"
    ARCHIVIST = "archivist", "档案人员"
    ARCHIVES_RECEIVER = "archives_receiver", "档案馆接收系统"
    DISTRICT_LEADER = "district_leader", "区领导"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDIT_ADMIN = "audit_admin", "审计管理员"


_P = Permission

GRANTS: Mapping[Post, frozenset[Permission]] = {
    Post.COUNTER_CLERK: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.CASE_RECEIVE,
            _P.CASE_ACCEPT,
            _P.CASE_READ,
            _P.CASE_DELIVER,
            _P.PERSON_FIND,
            _P.PERSON_REVEAL,
            _P.LICENCE_READ,
            _P.CONSULT_ANSWER,
            _P.ITEM_READ,
            _P.HALL_READ,
            _P.AGENCY_HANDLE,
        }
    ),
    Post.REVIEWER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.AUTO_SAMPLE,
            _P.ASSESSMENT_READ,
            _P.CASE_ACCEPT,
            _P.CASE_DECLINE,
            _P.CASE_REVIEW,
            _P.COMMITMENT_CHECK,
            _P.CASE_END_PROPOSE,
            _P.CASE_READ,
            _P.PERSON_REVEAL,
            _P.LICENCE_READ,
            _P.CONSULT_ANSWER,
            _P.ITEM_READ,
        }
    ),
    Post.APPROVER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.AUTO_SWITCH,
            _P.ASSESSMENT_READ,
            _P.CASE_DECIDE,
            _P.CASE_END,
            _P.CASE_READ,
            _P.PERSON_REVEAL,
            _P.LICENCE_READ,
            _P.LICENCE_CHANGE,
            _P.ITEM_READ,
        }
    ),
    Post.DEPARTMENT_HEAD: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.COMMITMENT_CHECK,
            _P.TRUST_KEEP,
            _P.AUTO_SAMPLE,
            _P.AUTO_SWITCH,
            _P.AUTO_REPLAY,
            _P.ASSESSMENT_READ,
            _P.ASSESSMENT_APPROVE,
            _P.CASE_READ,
            _P.CASE_ASSIGN,
            _P.CASE_EXTEND,
            _P.FIGURES_READ,
            _P.LICENCE_READ,
            _P.SUBJECT_READ,
            _P.NOTICE_HANDLE,
            _P.INSPECTION_HANDLE,
            _P.GATEWAY_MANAGE,
            _P.RATING_READ,
            _P.RATING_ANSWER,
            _P.CONSULT_ANSWER,
            _P.ITEM_READ,
            _P.ARCHIVE_READ,
            _P.ARCHIVE_APPROVE,
            _P.ITEM_APPROVE,
            _P.HALL_READ,
            _P.HALL_MANAGE,
        }
    ),
    Post.SUPERVISOR: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.COMMITMENT_CHECK,
            _P.FIGURES_READ,
            _P.SUBJECT_READ,
            _P.NOTICE_HANDLE,
            _P.INSPECTION_HANDLE,
            _P.LICENCE_READ,
            _P.ITEM_READ,
        }
    ),
    Post.ITEM_OWNER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.AUTO_REPLAY,
            _P.ASSESSMENT_READ,
            _P.ASSESSMENT_WRITE,
            _P.ITEM_READ,
            _P.ITEM_EDIT,
        }
    ),
    Post.LEGAL_OFFICER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.AUTO_REPLAY,
            _P.ASSESSMENT_READ,
            _P.ITEM_READ,
            _P.ITEM_LEGAL,
            _P.NORM_KEEP,
        }
    ),
    Post.ITEM_CHECKER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.AUTO_REPLAY,
            _P.ASSESSMENT_READ,
            _P.ITEM_READ,
            _P.ITEM_PUBLISH,
        }
    ),
    Post.ARCHIVIST: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.CASE_READ,
            _P.ARCHIVE_READ,
            _P.ARCHIVE_KEEP,
            _P.ITEM_READ,
        }
    ),
    Post.ARCHIVES_RECEIVER: frozenset({_P.ARCHIVE_TRANSFER}),
    Post.DISTRICT_LEADER: frozenset(
        {
            _P.WORK_DESK,
            _P.MESSAGE_READ,
            _P.CASE_EXTEND_JOINT,
            _P.FIGURES_READ,
            _P.RATING_READ,
            _P.ITEM_READ,
            _P.HALL_READ,
        }
    ),
    Post.SYSTEM_ADMIN: frozenset({_P.SYSTEM_MANAGE, _P.USER_MANAGE}),
    Post.SECURITY_ADMIN: frozenset({_P.POST_GRANT}),
    Post.AUDIT_ADMIN: frozenset(
        {
            _P.TRAIL_READ,
            _P.TRAIL_EXPORT,
            _P.ALARM_CLOSE,
            _P.FIGURES_READ,
            _P.MESSAGE_READ,
            _P.ASSESSMENT_READ,
        }
    ),
}
"""Post -> what it may do. The three administrators share no permission and see no case.

Source: GB/T 22239-2019 第8.1.4.2 (least privilege, separation of administrators).
"""


class PermissionRefusedError(RefusedError):
    """No post of the actor allows the act."""

    code = "organisations.permission_refused"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts, and from which posts: a user, an applicant or a named job.

    Attributes:
        ref: `user:<login>`, `job:<name>` or `system:<name>`; written to the trail.
        posts: Department code (or EVERYWHERE) -> posts held there at the moment of acting.
        subjects: Refs (`person:…`, `entity:…`) on whose behalf the actor may apply.
        name: Name shown in documents and time lines; empty for jobs.
        ip: Address the request came from, for the trail.
        device: System and program it came from, for the trail.
        scopes: What a token narrows the posts to; None narrows nothing.
    """

    ref: str
    posts: Mapping[str, frozenset[Post]] = field(default_factory=dict)
    subjects: frozenset[str] = frozenset()
    name: str = ""
    ip: str = ""
    device: str = ""
    scopes: frozenset[Permission] | None = None

    def may(self, permission: Permission, *, department: str) -> bool:
        """Tell whether some post held in `department` (or everywhere) grants `permission`."""
        held = self.posts.get(department, frozenset()) | self.posts.get(EVERYWHERE, frozenset())
        return self._in_scope(permission) and _any(held, permission)

    def may_somewhere(self, permission: Permission) -> bool:
        """Tell whether some post held anywhere grants `permission`; for menus and pages."""
        return self._in_scope(permission) and any(
            _any(held, permission) for held in self.posts.values()
        )

    def departments(self, permission: Permission) -> frozenset[str]:
        """Return the codes of departments in which `permission` is held; may hold EVERYWHERE."""
        if not self._in_scope(permission):
            return frozenset()
        return frozenset(code for code, posts in self.posts.items() if _any(posts, permission))

    def acts_for(self, subject_ref: str) -> bool:
        """Tell whether the actor may apply on behalf of `subject_ref`."""
        return subject_ref in self.subjects

    def _in_scope(self, permission: Permission) -> bool:
        return self.scopes is None or permission in self.scopes


def _any(posts: Iterable[Post], permission: Permission) -> bool:
    return any(permission in GRANTS[post] for post in posts)


def require(actor: Actor, permission: Permission, *, department: str) -> None:
    """Stop the act unless `actor` may do it in `department`.

    Raises:
        PermissionRefusedError: no post of the actor allows it.
    """
    if not actor.may(permission, department=department):
        raise PermissionRefusedError(
            f"您在该部门的岗位没有“{permission.label}”的权限，如确需办理，请联系本部门负责人。"
        )
