"""TypeIDs: `prd_01k…`, a type prefix and a base32 UUIDv7 (https://github.com/jetify-com/typeid, spec 0.3).

The same text in table, API, log and CSV. Ids made later sort later, so indexes grow at their end.
"""

import re

from typeid import TypeID

from market.kernel.errors import InvalidId

PREFIXES = {
    "acc": "account",
    "rol": "role held",
    "dev": "device",
    "key": "API key",
    "adr": "address",
    "pvr": "privacy request",
    "rgn": "region",
    "vil": "village",
    "cop": "cooperative",
    "pdr": "producer",
    "mbr": "membership",
    "pow": "power of a membership",
    "inv": "invitation",
    "lic": "licence document",
    "crt": "certificate",
    "cat": "category",
    "prd": "product",
    "var": "variant",
    "rev": "listing revision",
    "mda": "media",
    "pkg": "tour package",
    "opt": "package option",
    "unt": "unit type",
    "gft": "package gift",
    "img": "image",
    "win": "season window",
    "tir": "cancellation tier",
    "ses": "session",
    "sre": "session series",
    "pol": "seat pool",
    "lot": "stock lot",
    "mov": "stock movement",
    "imp": "import",
    "lac": "ledger account",
    "txn": "ledger transaction",
    "bkg": "booking",
    "tkt": "ticket",
    "vch": "voucher campaign",
    "vus": "voucher use",
    "ord": "order",
    "sor": "seller order",
    "lin": "order line",
    "oev": "order event",
    "cmr": "commission rule",
    "pay": "payment",
    "rfd": "refund",
    "shp": "shipment",
    "ppt": "pick-up point",
    "dlr": "delivery rate",
    "car": "cart",
    "cli": "cart line",
    "clm": "claim",
    "rvw": "review",
    "whk": "webhook endpoint",
    "whd": "webhook delivery",
    "mft": "gate manifest",
    "rdm": "redemption",
    "tre": "tracking event",
    "rsh": "reshipment",
    "stm": "statement",
    "stl": "statement line",
    "pob": "payout batch",
    "pyo": "payout",
    "cor": "ledger correction",
    "rcn": "reconciliation",
    "rcd": "reconciliation difference",
    "rps": "report submission",
    "rsc": "report schedule",
    "rkp": "kept report",
    "pln": "plan",
    "ind": "plan indicator",
    "tgt": "plan target",
    "obs": "observation",
    "snp": "plan snapshot",
}
"""Every prefix there is, and what it names. `new_id` refuses any other."""

_ID = re.compile(r"([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}")
LENGTH = 30


def new_id(prefix: str) -> str:
    """A new id of this kind. Refuses a prefix that `PREFIXES` does not name.

    >>> new_id("prd")[:4]
    'prd_'
    """
    if prefix not in PREFIXES:
        raise ValueError(f"add the prefix {prefix!r} to market.kernel.ids.PREFIXES first")
    return str(TypeID(prefix))


def prefix_of(text: str, *, field: str = "id") -> str:
    """The prefix of a well-formed id, or refuses with InvalidId. Whether the thing exists is another question.

    >>> prefix_of("prd_01k00000000000000000000000")
    'prd'
    """
    match = _ID.fullmatch(text)
    if match is None or match[1] not in PREFIXES:
        raise InvalidId(
            field=field,
            allowed=f"an id looks like prd_{'0' * 26} and is one that this API gave out",
            allowed_zh=f"编号形如 prd_{'0' * 26}，并且由本接口返回",
        )
    return match[1]


def require_id(text: str, prefix: str, *, field: str = "id") -> str:
    """The same text when it is an id of this kind, or refuses with InvalidId."""
    if prefix_of(text, field=field) != prefix:
        raise InvalidId(
            field=field,
            allowed=f"it must be the id of a {PREFIXES[prefix]}, starting with {prefix}_",
            allowed_zh=f"需要以 {prefix}_ 开头的编号",
        )
    return text
