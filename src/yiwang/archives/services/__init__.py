"""Acts on archives: making, reading and handing over packages, holds, destruction by two."""

from yiwang.archives.services.ending import (
    HoldRefusedError,
    decide_destruction,
    lift_hold,
    place_hold,
    propose_destruction,
    propose_lift,
)
from yiwang.archives.services.erasing import erase_unfinished, erase_uploads
from yiwang.archives.services.making import (
    ArchiveRefusedError,
    check_packages,
    make_due,
    make_package,
    read_package,
    sweep_destroyed,
)
from yiwang.archives.services.transferring import (
    AlreadyTransferredError,
    TransferRefusedError,
    hand_over,
    report_receipt,
)

__all__ = [
    "AlreadyTransferredError",
    "ArchiveRefusedError",
    "HoldRefusedError",
    "TransferRefusedError",
    "check_packages",
    "decide_destruction",
    "erase_unfinished",
    "erase_uploads",
    "hand_over",
    "lift_hold",
    "make_due",
    "make_package",
    "place_hold",
    "propose_destruction",
    "propose_lift",
    "read_package",
    "report_receipt",
    "sweep_destroyed",
]
