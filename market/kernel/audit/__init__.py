"""The audit trail: who did what to what, on whose behalf, in a chain of hashes that shows later meddling.

Each entry's hash covers its content and the hash before it, and the one row of `audit_head` knows the newest number
and hash. Whoever can rewrite entries and head together is found only by comparing with a head kept elsewhere: export
`head` regularly (`market audit head --write`) and give it to `verify`. Read `record` first.
"""

from market.kernel.audit.read import (
    AuditPage,
    AuditWhere,
    count_entries,
    cursor_of,
    read_entries,
)
from market.kernel.audit.record import Head, head, record
from market.kernel.audit.tables import ENTRIES, GENESIS, AuditEntry, AuditHead
from market.kernel.audit.verify import AuditReport, Finding, Tampering, verify

__all__ = [
    "ENTRIES",
    "GENESIS",
    "AuditEntry",
    "AuditHead",
    "AuditPage",
    "AuditReport",
    "AuditWhere",
    "Finding",
    "Head",
    "Tampering",
    "count_entries",
    "cursor_of",
    "head",
    "read_entries",
    "record",
    "verify",
]
