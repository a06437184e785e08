"""A department's system as the other side of the gateway: keys, signed calls, pushed messages."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.factories import cases
from yiwang.exchange import services, transport
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.signatures import Key, Message
from yiwang.exchange.policy.terms import Algorithm, Begin, PartnerKind
from yiwang.exchange.queries import PartnerView
from yiwang.exchange.services import MadeKeys
from yiwang.exchange.transport import Sent
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

ADMIN = Actor(
    ref="user:admin", name="系统管理员", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})}
)
CENTRE_HEAD = Actor(
    ref="user:centre-head", name="郑中心", posts={"centre": frozenset({Post.DEPARTMENT_HEAD})}
)
LI = {"id": "li", "name": "李审查"}
ZHAO = {"id": "zhao", "name": "赵审批"}

_count = itertools.count(1)


def register(**changes: Any) -> PartnerView:
    """Connect a system of the market department."""
    arguments: dict[str, Any] = {
        "code": "market-main",
        "name": "市场监管业务系统",
        "department": "market",
        "kind": PartnerKind.HTTP,
        "begins": Begin.ACCEPTED,
        "valid_from": dt.date(2026, 1, 1),
        "address": "https://market.example/cases",
        "by": ADMIN,
        "at": cases.FRIDAY,
    }
    return services.register_partner(**(arguments | changes))


def keys(partner: PartnerView, algorithm: Algorithm = Algorithm.HMAC_SHA256, **more: Any) -> Side:
    """Make keys and return the department's side of them."""
    private = ""
    if algorithm is Algorithm.ED25519:
        private, more["public"] = signatures.new_private_key()
    made = services.make_keys(
        code=partner.code, algorithm=algorithm, by=ADMIN, at=cases.FRIDAY, **more
    )
    return Side(
        partner=partner,
        made=made,
        key=Key(key_id=made.in_key_id, algorithm=algorithm, secret=private or made.signs_with),
    )


@dataclass
class Side:
    """What a department's system holds."""

    partner: PartnerView
    made: MadeKeys
    key: Key

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        message_id: str = "",
        at: dt.datetime = cases.FRIDAY,
        nonce: str = "",
        key: Key | None = None,
        **headers: str,
    ) -> HttpResponse:
        """Make a signed call; `headers` overwrite what was signed."""
        fields = {
            "content-type": "application/json",
            "content-digest": signatures.content_digest(body),
            "idempotency-key": message_id or f"call-{next(_count):06d}",
        }
        where = f"/api/v1/gateway{path}"
        fields |= signatures.sign(
            Message(method=method, path=where, headers=fields),
            key or self.key,
            created=at,
            nonce=nonce or secrets.token_hex(16),
        )
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(raise_request_exception=False).generic(
            method, where, body, content_type="application/json", headers=fields
        )

    def tell(
        self,
        number: str,
        sequence: int,
        kind: str,
        at: dt.datetime = cases.FRIDAY,
        **told: Any,
    ) -> HttpResponse:
        """Send a message about a case, signed at `at`; `id` may be given."""
        message = {
            "id": told.pop("id", f"message-{next(_count):06d}"),
            "case": number,
            "sequence": sequence,
            "kind": kind,
        } | told
        return self.call(
            "POST", "/messages", json.dumps(message).encode(), message_id=message["id"], at=at
        )

    def opinion(self, number: str, sequence: int, **told: Any) -> HttpResponse:
        """Tell that Li proposes to grant."""
        said = {"reviewer": LI, "outcome": "grant", "text": "现场核查符合条件"}
        return self.tell(number, sequence, "opinion", **(said | told))

    def result(self, number: str, sequence: int, **told: Any) -> HttpResponse:
        """Tell that Zhao granted what Li had proposed."""
        said = {"reviewer": LI, "decider": ZHAO, "outcome": "grant", "opinion": "符合条件"}
        return self.tell(number, sequence, "result", **(said | told))


@dataclass
class Wire:
    """Stands for the network: keeps what was sent, answers what it is told to."""

    answers: list[Sent] = field(default_factory=list)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, address: str, body: bytes, headers: Any, *, timeout_seconds: float) -> Sent:
        self.sent.append((address, body, dict(headers)))
        return self.answers.pop(0) if self.answers else Sent(delivered=True)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body, _ in self.sent]

    def put_on(self, monkeypatch: Any) -> Wire:
        monkeypatch.setattr(transport, "post", self.post)
        return self


def push_all(partner: PartnerView, at: dt.datetime = cases.FRIDAY) -> int:
    """Send what is due."""
    return services.push_due(partner_id=partner.id, clock=lambda: at)
