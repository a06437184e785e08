"""The applicant says by what and when, and proves the address first."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache

from tests.factories import organisations as people
from tests.notices.conftest import NOON, REF, messages
from yiwang.audit.models import AuditEvent
from yiwang.notices import queries, services
from yiwang.notices.models import Contact, Notice
from yiwang.notices.policy.sending import QuietHours, masked, plain_address
from yiwang.notices.policy.templates import NoticeChannel
from yiwang.organisations import services as organisations
from yiwang.organisations.limits import TooManyTriesError
from yiwang.organisations.permissions import Actor, PermissionRefusedError
from yiwang.organisations.policy.terms import AuthorisationKind

pytestmark = pytest.mark.django_db

SMS, EMAIL = NoticeChannel.SMS, NoticeChannel.EMAIL
STRANGER = Actor(ref="user:stranger", subjects=frozenset({"person:" + "f" * 32}))


@pytest.fixture(autouse=True)
def _no_tries_yet():
    cache.clear()


def ask(owner, address="13922223333", channel=SMS, at=NOON):
    services.ask_code(subject_ref=REF, channel=channel, address=address, by=owner, at=at)


def confirm(owner, code, at=NOON, channel=SMS):
    services.confirm_contact(subject_ref=REF, channel=channel, code=code, by=owner, at=at)


def code_sent(folder) -> str:
    services.send_due(at=NOON)
    return messages(folder)[-1]["text"][-6:]


def test_an_address_counts_once_its_code_came_back_and_is_kept_sealed(owner, templates, sms_folder):
    ask(owner)
    assert queries.address_of(REF, SMS, at=NOON) == "13800000000"

    confirm(owner, code_sent(sms_folder))

    row = Contact.objects.get()
    assert row.address_masked == "139****3333"
    assert "13922223333" not in row.address_locked
    assert queries.address_of(REF, SMS, at=NOON) == "13922223333"
    assert AuditEvent.objects.filter(act="notices.confirm_contact", target=REF).count() == 1
    assert "13922223333" not in str(Notice.objects.values_list("sealed", "words"))


def test_a_wrong_code_is_counted_and_five_end_it(owner, templates, sms_folder):
    ask(owner)
    right = code_sent(sms_folder)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(services.ContactRefusedError, match=f"还可以再试{left}次"):
            confirm(owner, wrong)

    with pytest.raises(services.ContactRefusedError, match="请重新获取"):
        confirm(owner, right)
    assert not Contact.objects.exists()


def test_a_code_ends_after_a_quarter_of_an_hour(owner, templates, sms_folder):
    ask(owner)
    code = code_sent(sms_folder)

    with pytest.raises(services.ContactRefusedError, match="验证码已失效"):
        confirm(owner, code, at=NOON + dt.timedelta(minutes=15))


@pytest.mark.parametrize(
    ("channel", "typed", "words"),
    [
        (SMS, "12345", "11位手机号码"),
        (SMS, "13800000000 13800000001", "11位手机号码"),
        (SMS, "", "11位手机号码"),
        (EMAIL, "nobody", "电子邮件地址"),
        (EMAIL, "a@b", "电子邮件地址"),
        (EMAIL, "a@example.com\nBcc: b@example.com", "电子邮件地址"),
        (EMAIL, "a@example.com,b@example.com", "电子邮件地址"),
        (EMAIL, "a" * 130 + "@example.com", "电子邮件地址"),
        (EMAIL, "<a@example.com>", "电子邮件地址"),
    ],
)
def test_what_is_no_address_gets_no_code(owner, templates, sms_folder, channel, typed, words):
    with pytest.raises(services.ContactRefusedError, match=words):
        ask(owner, typed, channel)

    assert not Notice.objects.exists()


def test_nobody_is_rung_up_again_and_again(owner, templates, sms_folder):
    for _ in range(3):
        ask(owner)

    with pytest.raises(TooManyTriesError):
        ask(owner)


def test_a_channel_that_the_district_does_not_have_says_so(owner, templates, settings):
    settings.DEMO, settings.SMS_URL = False, ""

    with pytest.raises(services.ContactRefusedError, match="暂不发送短信"):
        ask(owner)


def test_nobody_chooses_for_somebody_else(owner, templates, sms_folder):
    for act in (
        lambda: ask(STRANGER),
        lambda: confirm(STRANGER, "123456"),
        lambda: queries.choices_of(REF, by=STRANGER, at=NOON),
        lambda: services.remove_contact(subject_ref=REF, channel=SMS, by=STRANGER, at=NOON),
        lambda: services.save_choice(
            subject_ref=REF, channels=frozenset(), quiet=None, by=STRANGER, at=NOON
        ),
    ):
        with pytest.raises(PermissionRefusedError, match="他人的通知设置"):
            act()


def test_a_choice_is_kept_and_shown(owner, templates, sms_folder):
    assert queries.choices_of(REF, by=owner, at=NOON).channels == {SMS, EMAIL}
    hours = QuietHours(from_hour=22, until_hour=7)

    services.save_choice(subject_ref=REF, channels=frozenset({SMS}), quiet=hours, by=owner, at=NOON)

    shown = queries.choices_of(REF, by=owner, at=NOON)
    assert (shown.channels, shown.quiet) == ({SMS}, hours)


def test_hours_that_no_clock_has_are_refused(owner):
    with pytest.raises(services.ContactRefusedError, match="0至23时"):
        services.save_choice(
            subject_ref=REF,
            channels=frozenset(),
            quiet=QuietHours(from_hour=24, until_hour=7),
            by=owner,
            at=NOON,
        )


def test_what_an_agent_proved_is_not_used_after_the_mandate(owner, templates, sms_folder):
    agent = people.applicant("agent", subject_ref="person:" + "b" * 32)
    mandate = organisations.authorise(
        login="agent",
        subject_ref=REF,
        kind=AuthorisationKind.AGENT,
        valid_from=NOON.date(),
        valid_until=NOON.date() + dt.timedelta(days=30),
        by=owner,
        at=NOON,
    )
    ask(people.actor(agent, at=NOON))
    confirm(people.actor(agent, at=NOON), code_sent(sms_folder))
    assert queries.address_of(REF, SMS, at=NOON) == "13922223333"

    organisations.revoke_authorisation(authorisation_id=mandate, by=owner, at=NOON)

    assert queries.address_of(REF, SMS, at=NOON) == "13800000000"
    (contact,) = queries.choices_of(REF, by=owner, at=NOON).contacts
    assert not contact.in_use


def test_a_removed_address_is_gone(owner, templates, sms_folder):
    ask(owner)
    confirm(owner, code_sent(sms_folder))

    services.remove_contact(subject_ref=REF, channel=SMS, by=owner, at=NOON)

    assert not Contact.objects.exists()
    assert queries.choices_of(REF, by=owner, at=NOON).contacts == ()


def test_addresses_are_plain_and_masked():
    assert plain_address(SMS, "+86 138-0000-1111") == "13800001111"
    assert plain_address(EMAIL, " Li.Example@example.com ") == "Li.Example@example.com"
    assert masked(EMAIL, "li@example.com") == "l***@example.com"
