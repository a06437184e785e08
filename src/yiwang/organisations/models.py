"""Tables of departments, accounts, posts and authorisations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from yiwang.organisations.permissions import Post
from yiwang.organisations.policy.own_tokens import PURPOSE_LENGTH
from yiwang.organisations.policy.terms import AuthorisationKind, DepartmentKind, UserKind


class DatedQuerySet(models.QuerySet[Any]):
    """Rows that hold from one day until another."""

    def on(self, day: date) -> Self:
        """Keep rows in force on `day`: `valid_from` inclusive, `valid_until` exclusive."""
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=day), valid_from__lte=day
        )


class Department(models.Model):
    """A unit of the district government that handles items or receives applications (机构)."""

    code = models.CharField("代号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=40)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    kind = models.CharField(
        "类别", max_length=20, choices={kind.value: kind.label for kind in DepartmentKind}
    )
    town = models.CharField("所属街镇", max_length=40, blank=True, default="", db_default="")
    position = models.PositiveSmallIntegerField("排序", default=0)
    valid_from = models.DateField("启用日期")
    valid_until = models.DateField("停用日期", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_department_kind_known",
                condition=Q(kind__in=[kind.value for kind in DepartmentKind]),
            ),
            models.CheckConstraint(
                name="organisations_department_only_a_centre_belongs_to_a_town",
                condition=Q(town="") | Q(kind=DepartmentKind.COMMUNITY_CENTRE.value),
            ),
            models.CheckConstraint(
                name="organisations_department_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.short_name}"


class UserManager(BaseUserManager["User"]):
    """Finds accounts by login; accounts are made by services only."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the account named `username`."""
        return self.get(login=username)


class User(AbstractBaseUser):
    """An account: one member of staff, one citizen or one firm (账号).

    `subject_ref` names the person or entity behind a citizen's or firm's account and is empty
    for staff. `locked_until` is set by failed sign-ins and passes by itself. The telephone number
    of a citizen or firm is kept encrypted; that of staff is a work number and is not.
    """

    login = models.CharField("账号", max_length=64, unique=True)
    name = models.CharField("姓名", max_length=120)
    kind = models.CharField(
        "类别", max_length=10, choices={kind.value: kind.label for kind in UserKind}
    )
    subject_ref = models.CharField("本人", max_length=80, blank=True)
    phone = models.CharField("手机号码", max_length=200, blank=True)
    is_active = models.BooleanField("可登录", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    created_at = models.DateTimeField("建立时间")
    password_changed_at = models.DateTimeField("密码更改时间", null=True, blank=True)
    failed_count = models.PositiveSmallIntegerField("连续失败次数", default=0)
    locked_until = models.DateTimeField("锁定至", null=True, blank=True)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_user_kind_known",
                condition=Q(kind__in=[kind.value for kind in UserKind]),
            ),
            models.CheckConstraint(
                name="organisations_user_stands_for_a_subject_unless_staff",
                condition=Q(kind=UserKind.STAFF.value, subject_ref="")
                | (~Q(kind=UserKind.STAFF.value) & ~Q(subject_ref="")),
            ),
            models.UniqueConstraint(
                name="organisations_user_one_account_per_subject",
                fields=["subject_ref"],
                condition=~Q(subject_ref=""),
            ),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def ref(self) -> str:
        """Return the ref written to the trail."""
        return f"user:{self.login}"

    @property
    def may_sign_in(self) -> bool:
        """Tell whether the account is open; invented ones are only in a demonstration."""
        return self.is_active and (settings.DEMO or not self.is_demo)


class PasswordHistory(models.Model):
    """A password hash that was in use; none of the last ones may come back."""

    user = models.ForeignKey(User, models.CASCADE, related_name="old_passwords")
    hash = models.CharField("密码哈希", max_length=256)
    set_at = models.DateTimeField("设置时间")

    class Meta:
        indexes = [models.Index(fields=["user", "-set_at"], name="organisations_pwd_history")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.set_at}"


class PostHoldingQuerySet(models.QuerySet["PostHolding"]):
    """Named questions about posts held."""

    def at(self, moment: datetime) -> Self:
        """Keep posts held at `moment`."""
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=moment), valid_from__lte=moment
        )


class PostHolding(models.Model):
    """A post held by a person in a department from one moment until another (任职).

    `valid_until` is exclusive and null while no end is known; `department` is a code or `*`.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="holdings")
    department = models.CharField("部门", max_length=40)
    post = models.CharField(
        "岗位", max_length=20, choices={post.value: post.label for post in Post}
    )
    valid_from = models.DateTimeField("开始时间")
    valid_until = models.DateTimeField("结束时间", null=True, blank=True)
    granted_by = models.CharField("授予人", max_length=80)
    revoked_by = models.CharField("收回人", max_length=80, blank=True)

    objects = PostHoldingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_holding_post_known",
                condition=Q(post__in=[post.value for post in Post]),
            ),
            models.CheckConstraint(
                name="organisations_holding_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.UniqueConstraint(
                name="organisations_holding_held_once_without_end",
                fields=["user", "department", "post"],
                condition=Q(valid_until__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["department", "post"], name="organisations_holding_where"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.department} {self.post}"


class Delegation(models.Model):
    """A post exercised by a deputy for some days; it falls with the principal's post (委托代理)."""

    holding = models.ForeignKey(PostHolding, models.PROTECT, related_name="delegations")
    deputy = models.ForeignKey(User, models.PROTECT, related_name="delegations")
    valid_from = models.DateField("开始日期")
    valid_until = models.DateField("结束日期")
    reason = models.CharField("事由", max_length=200)
    granted_by = models.CharField("授予人", max_length=80)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_delegation_ends_after_it_begins",
                condition=Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="organisations_delegation_has_reason", condition=~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holding_id} -> {self.deputy_id}"


class PowerConcentration(models.Model):
    """Items of one department decided and sealed by another (相对集中行政许可权，一枚印章)."""

    department = models.CharField("原审批部门", max_length=40)
    deciding = models.CharField("决定并盖章部门", max_length=40)
    basis = models.CharField("批准文件", max_length=200)
    valid_from = models.DateField("开始日期")
    valid_until = models.DateField("结束日期", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_concentration_moves_the_power",
                condition=~Q(department=F("deciding")),
            ),
            models.CheckConstraint(
                name="organisations_concentration_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="organisations_concentration_has_basis", condition=~Q(basis="")
            ),
            models.UniqueConstraint(
                name="organisations_concentration_begins_once",
                fields=["department", "valid_from"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department} -> {self.deciding}"


class Authorisation(models.Model):
    """The right of an applicant's account to apply for somebody else (授权).

    `valid_until` is exclusive; null only for a legal representative, whose end is not known.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="authorisations")
    subject_ref = models.CharField("被代表人", max_length=80)
    kind = models.CharField(
        "类别", max_length=20, choices={kind.value: kind.label for kind in AuthorisationKind}
    )
    valid_from = models.DateField("开始日期")
    valid_until = models.DateField("结束日期", null=True, blank=True)
    granted_by = models.CharField("登记人", max_length=80)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_authorisation_kind_known",
                condition=Q(kind__in=[kind.value for kind in AuthorisationKind]),
            ),
            models.CheckConstraint(
                name="organisations_authorisation_of_an_agent_ends",
                condition=~Q(kind=AuthorisationKind.AGENT.value) | Q(valid_until__isnull=False),
            ),
            models.CheckConstraint(
                name="organisations_authorisation_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]
        indexes = [models.Index(fields=["subject_ref"], name="organisations_auth_subject")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.subject_ref}"


class IdentityLink(models.Model):
    """An identity at a provider that opens an applicant's account (统一身份认证关联)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="identities")
    provider = models.CharField("认证平台", max_length=40)
    identity = models.CharField("平台内标识", max_length=255)
    linked_at = models.DateTimeField("关联时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="organisations_identity_opens_one_account", fields=["provider", "identity"]
            ),
            models.UniqueConstraint(
                name="organisations_identity_one_per_account", fields=["provider", "user"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.user_id}"


class ApiToken(models.Model):
    """A key with which a program acts for an account; only its hash is kept (接口令牌)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    hash = models.CharField("令牌哈希", max_length=64, unique=True)
    purpose = models.CharField("用途", max_length=200)
    scopes = models.JSONField("权限范围")
    issued_at = models.DateTimeField("发放时间")
    issued_by = models.CharField("发放人", max_length=80)
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("收回时间", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_token_expires_after_issue",
                condition=Q(expires_at__gt=F("issued_at")),
            ),
            models.CheckConstraint(
                name="organisations_token_has_purpose", condition=~Q(purpose="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.purpose}"


class OwnToken(models.Model):
    """A key an applicant made for a program: one subject, few scopes, an end (专用令牌).

    `items` narrows what may be filed to those items; empty: any.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="own_tokens")
    hash = models.CharField("令牌哈希", max_length=64, unique=True)
    purpose = models.CharField("用途", max_length=PURPOSE_LENGTH)
    subject_ref = models.CharField("为谁办事", max_length=80)
    scopes = models.JSONField("权限范围")
    items = models.JSONField("限于事项", default=list)
    issued_at = models.DateTimeField("建立时间")
    expires_at = models.DateTimeField("到期时间")
    last_used_at = models.DateTimeField("最近使用时间", null=True, blank=True)
    revoked_at = models.DateTimeField("收回时间", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisations_own_token_expires_after_issue",
                condition=Q(expires_at__gt=F("issued_at")),
            ),
            models.CheckConstraint(
                name="organisations_own_token_has_purpose", condition=~Q(purpose="")
            ),
            models.CheckConstraint(
                name="organisations_own_token_has_subject", condition=~Q(subject_ref="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.purpose}"


class NamedCall(models.Model):
    """A call that created something under a key of the caller, so that it is not done twice.

    Kept for two days. `fingerprint` is keyed; neither the body nor the answer is kept.
    """

    user_ref = models.CharField("调用人", max_length=80)
    key = models.CharField("幂等键", max_length=80)
    fingerprint = models.CharField("内容指纹", max_length=64)
    made = models.CharField("所建", max_length=80)
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="organisations_call_key_names_one_call", fields=["user_ref", "key"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_ref} {self.key}"
