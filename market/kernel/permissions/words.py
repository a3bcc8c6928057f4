"""The closed lists of words: who acts, what they may do, and how far."""

from enum import StrEnum


class ActorKind(StrEnum):
    """Who is at the other end."""

    VISITOR = "VISITOR"
    CUSTOMER = "CUSTOMER"
    MEMBER = "MEMBER"
    STAFF = "STAFF"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


class Role(StrEnum):
    """What an actor is to the marketplace, to an organisation, or to a region. One actor has several."""

    VISITOR = "VISITOR"
    CUSTOMER = "CUSTOMER"
    OWNER = "OWNER"
    EDITOR = "EDITOR"
    FULFILMENT = "FULFILMENT"
    FINANCE = "FINANCE"
    VIEWER = "VIEWER"
    STAFF_MODERATOR = "STAFF_MODERATOR"
    STAFF_ANALYST = "STAFF_ANALYST"
    STAFF_FINANCE = "STAFF_FINANCE"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


ORGANISATION_ROLES = frozenset({Role.OWNER, Role.EDITOR, Role.FULFILMENT, Role.FINANCE, Role.VIEWER})
STAFF_ROLES = frozenset({Role.STAFF_MODERATOR, Role.STAFF_ANALYST, Role.STAFF_FINANCE})


class Scope(StrEnum):
    """How far a grant goes."""

    OWN = "OWN"
    ORGANISATION = "ORGANISATION"
    REGION = "REGION"
    ALL = "ALL"


WIDTH = {scope: width for width, scope in enumerate(Scope)}


class Permission(StrEnum):
    """One thing that may be done, `<resource>:<action>`. What the public sees is `read` of place and catalogue."""

    PLACE_READ = "place:read"
    PLACE_MANAGE = "place:manage"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_EDIT = "organisation:edit"
    ORGANISATION_REVIEW = "organisation:review"
    MEMBERSHIP_READ = "membership:read"
    MEMBERSHIP_MANAGE = "membership:manage"
    CATALOGUE_READ = "catalogue:read"
    CATEGORY_MANAGE = "category:manage"
    LISTING_READ = "listing:read"
    LISTING_EDIT = "listing:edit"
    LISTING_REVIEW = "listing:review"
    STOCK_READ = "stock:read"
    STOCK_ADJUST = "stock:adjust"
    SESSION_READ = "session:read"
    SESSION_MANAGE = "session:manage"
    ORDER_READ = "order:read"
    ORDER_PLACE = "order:place"
    ORDER_FULFIL = "order:fulfil"
    REFUND_APPROVE = "refund:approve"
    PAYMENT_CONFIRM = "payment:confirm"
    VOUCHER_MANAGE = "voucher:manage"
    REVIEW_WRITE = "review:write"
    REVIEW_MODERATE = "review:moderate"
    CLAIM_DECIDE = "claim:decide"
    LEDGER_READ = "ledger:read"
    SETTLEMENT_MANAGE = "settlement:manage"
    STATEMENT_CONFIRM = "statement:confirm"
    MEDIA_UPLOAD = "media:upload"
    IMPORT_RUN = "import:run"
    KEY_MANAGE = "key:manage"
    PROFILE_MANAGE = "profile:manage"
    ORGANISATION_REGISTER = "organisation:register"
    PERSON_MANAGE = "person:manage"
    PERSON_UNMASK = "person:unmask"
    REPORT_READ = "report:read"
    REPORT_EXPORT = "report:export"
    REPORT_SUBMIT = "report:submit"
    REPORT_REVIEW = "report:review"
    PLAN_READ = "plan:read"
    PLAN_MANAGE = "plan:manage"
    OBSERVATION_SUBMIT = "observation:submit"
    OBSERVATION_VERIFY = "observation:verify"
    AUDIT_READ = "audit:read"
    OUTBOX_MANAGE = "outbox:manage"
