"""The table: role × permission → scope."""

from collections.abc import Mapping
from types import MappingProxyType

from market.kernel.permissions.words import Permission, Role, Scope

_PUBLIC = {
    Permission.PLACE_READ: Scope.ALL,
    Permission.ORGANISATION_READ: Scope.ALL,
    Permission.CATALOGUE_READ: Scope.ALL,
}


def _within(scope: Scope, *permissions: Permission) -> Mapping[Permission, Scope]:
    return MappingProxyType(dict.fromkeys(permissions, scope))


_VIEW = (Permission.MEMBERSHIP_READ, Permission.LISTING_READ, Permission.STOCK_READ, Permission.SESSION_READ)

GRANTS: Mapping[Role, Mapping[Permission, Scope]] = MappingProxyType(
    {
        Role.VISITOR: MappingProxyType(_PUBLIC),
        Role.CUSTOMER: MappingProxyType(
            {
                **_PUBLIC,
                Permission.PROFILE_MANAGE: Scope.OWN,
                Permission.ORGANISATION_REGISTER: Scope.OWN,
                Permission.MEDIA_UPLOAD: Scope.OWN,
                Permission.ORDER_PLACE: Scope.OWN,
                Permission.ORDER_READ: Scope.OWN,
                Permission.REVIEW_WRITE: Scope.OWN,
            }
        ),
        Role.OWNER: _within(
            Scope.ORGANISATION,
            *_VIEW,
            Permission.ORGANISATION_EDIT,
            Permission.MEMBERSHIP_MANAGE,
            Permission.LISTING_EDIT,
            Permission.STOCK_ADJUST,
            Permission.SESSION_MANAGE,
            Permission.ORDER_READ,
            Permission.ORDER_FULFIL,
            Permission.REFUND_APPROVE,
            Permission.VOUCHER_MANAGE,
            Permission.LEDGER_READ,
            Permission.STATEMENT_CONFIRM,
            Permission.MEDIA_UPLOAD,
            Permission.IMPORT_RUN,
            Permission.KEY_MANAGE,
            Permission.PERSON_UNMASK,
            Permission.REPORT_READ,
            Permission.REPORT_EXPORT,
            Permission.AUDIT_READ,
        ),
        Role.EDITOR: _within(
            Scope.ORGANISATION,
            *_VIEW,
            Permission.LISTING_EDIT,
            Permission.STOCK_ADJUST,
            Permission.SESSION_MANAGE,
            Permission.MEDIA_UPLOAD,
            Permission.IMPORT_RUN,
        ),
        # Whoever ships or receives guests must be able to call them.
        Role.FULFILMENT: _within(
            Scope.ORGANISATION,
            *_VIEW,
            Permission.STOCK_ADJUST,
            Permission.ORDER_READ,
            Permission.ORDER_FULFIL,
            Permission.PERSON_UNMASK,
        ),
        Role.FINANCE: _within(
            Scope.ORGANISATION,
            *_VIEW,
            Permission.ORDER_READ,
            Permission.REFUND_APPROVE,
            Permission.LEDGER_READ,
            Permission.STATEMENT_CONFIRM,
            Permission.REPORT_READ,
            Permission.REPORT_EXPORT,
        ),
        Role.VIEWER: _within(Scope.ORGANISATION, *_VIEW),
        Role.STAFF_MODERATOR: _within(
            Scope.REGION,
            *_VIEW,
            Permission.ORGANISATION_REVIEW,
            Permission.LISTING_REVIEW,
            Permission.REVIEW_MODERATE,
            Permission.CLAIM_DECIDE,
            Permission.ORDER_READ,
            Permission.REPORT_READ,
            Permission.PLAN_READ,
            Permission.AUDIT_READ,
        ),
        Role.STAFF_ANALYST: _within(
            Scope.REGION,
            Permission.REPORT_READ,
            Permission.REPORT_EXPORT,
            Permission.REPORT_SUBMIT,
            Permission.PLAN_READ,
            Permission.PLAN_MANAGE,
            Permission.OBSERVATION_SUBMIT,
            Permission.OBSERVATION_VERIFY,
        ),
        Role.STAFF_FINANCE: _within(
            Scope.REGION,
            Permission.ORDER_READ,
            Permission.PAYMENT_CONFIRM,
            Permission.VOUCHER_MANAGE,
            Permission.LEDGER_READ,
            Permission.SETTLEMENT_MANAGE,
            Permission.REPORT_READ,
            Permission.REPORT_EXPORT,
            Permission.REPORT_REVIEW,
            Permission.PLAN_READ,
        ),
        Role.ADMIN: _within(Scope.ALL, *Permission),
        # The worker: expires holds, keeps kept columns, delivers messages. It never reads people unmasked.
        Role.SYSTEM: _within(
            Scope.ALL,
            *_PUBLIC,
            Permission.LISTING_READ,
            Permission.STOCK_READ,
            Permission.STOCK_ADJUST,
            Permission.SESSION_READ,
            Permission.SESSION_MANAGE,
            Permission.ORDER_READ,
            Permission.ORDER_FULFIL,
            Permission.REFUND_APPROVE,
            Permission.LEDGER_READ,
            Permission.REPORT_READ,
            Permission.OUTBOX_MANAGE,
        ),
    }
)
"""Role × permission → scope. What is not here is refused."""
