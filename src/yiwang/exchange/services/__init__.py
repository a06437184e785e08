"""Acts of the gateway; each is one transaction, takes `by` and `at`, and leaves a trail."""

from yiwang.exchange.services.calling import (
    Caller,
    CallRefusedError,
    admit,
    fetch_case,
    open_file,
    purge_nonces,
)
from yiwang.exchange.services.counting import turn_away
from yiwang.exchange.services.folders import scan_folder
from yiwang.exchange.services.pushing import (
    begin_missing,
    push_due,
    queue_push,
    systems_with_work,
)
from yiwang.exchange.services.receiving import Reply, expire_held, receive, told
from yiwang.exchange.services.registering import (
    MadeKeys,
    RegistrationRefusedError,
    make_keys,
    register_partner,
    switch_partner,
)
from yiwang.exchange.services.settling import (
    SettlingRefusedError,
    give_up_letter,
    send_letter_again,
)

__all__ = [
    "CallRefusedError",
    "Caller",
    "MadeKeys",
    "RegistrationRefusedError",
    "Reply",
    "SettlingRefusedError",
    "admit",
    "begin_missing",
    "expire_held",
    "fetch_case",
    "give_up_letter",
    "make_keys",
    "open_file",
    "purge_nonces",
    "push_due",
    "queue_push",
    "receive",
    "register_partner",
    "scan_folder",
    "send_letter_again",
    "switch_partner",
    "systems_with_work",
    "told",
    "turn_away",
]
