"""Enums of organisations."""

from enum import StrEnum

from market.organisations.rules import (
    CertificateKind,
    DocumentState,
    InvitationState,
    LicenceKind,
    MembershipRequestState,
    MembershipSide,
    OrganisationKind,
    OrganisationState,
    Power,
    ReviewReason,
)
from schema.scalars import described

__all__ = [
    "CertificateKind",
    "DocumentState",
    "InvitationState",
    "LicenceKind",
    "MembershipRequestState",
    "MembershipSide",
    "OrganisationKind",
    "OrganisationRole",
    "OrganisationState",
    "Power",
    "ReviewReason",
]

described(
    OrganisationKind,
    "What an organisation is.",
    COOPERATIVE="A farmers' cooperative (农民专业合作社).",
    FAMILY_FARM="A family farm (家庭农场).",
    HOUSEHOLD="A household that sells what it grows.",
    ENTERPRISE="A company.",
    VILLAGE_COLLECTIVE="A village's collective economic organisation.",
    HOMESTAY="A homestay (民宿).",
)

described(
    CertificateKind,
    "What a certificate says.",
    GREEN_FOOD="Green food (绿色食品).",
    ORGANIC="Organic product (有机产品).",
    GEOGRAPHICAL_INDICATION="Geographical indication of agricultural products (农产品地理标志).",
    GI_TRADEMARK="Geographical indication trademark (地理标志证明商标).",
    GOOD_AGRICULTURAL_PRACTICE="Good agricultural practice (良好农业规范).",
)

described(
    OrganisationState,
    "Where an organisation is between an application and its end. Only ACTIVE ones sell and are seen by everybody.",
    DRAFT="An application that its owner still writes.",
    SUBMITTED="Staff look at it; nothing of it can be changed.",
    RETURNED="Staff want something mended; it can be submitted again.",
    REJECTED="Staff refused it for good.",
    ACTIVE="It sells.",
    FROZEN="Staff have taken it off sale; its orders are served.",
    CLOSED="It is no more.",
)

described(
    LicenceKind,
    "What a licence document is.",
    BUSINESS_LICENCE="The business licence (营业执照).",
    FOOD_PRODUCTION="The licence to make food (食品生产许可证).",
    FOOD_OPERATION="The licence to sell food or meals (食品经营许可证).",
    LODGING="The licence to lodge guests (特种行业许可证).",
    TRAVEL_AGENCY="The travel agency licence (旅行社业务经营许可证).",
    IDENTITY="The scan of an identity card; its number is not kept.",
)

described(
    DocumentState,
    "Whether staff have accepted a licence or a certificate.",
    PENDING="It waits for review.",
    ACCEPTED="It counts, on the days it holds.",
    RETURNED="Staff want a better one, which is submitted anew.",
)

described(
    ReviewReason,
    "What is wrong with an application or a document.",
    DOCUMENT_MISSING="A document is missing.",
    DOCUMENT_UNREADABLE="A scan cannot be read.",
    DOCUMENT_EXPIRED="A document does not hold any more.",
    DETAILS_DIFFER="What was told differs from the documents.",
    TEXT_UNSUITABLE="A name or text is not suitable.",
    NOT_ELIGIBLE="This marketplace is not for it.",
    OTHER="Something else: the note says what.",
)

described(
    Power,
    "What a member lets its cooperative do for it.",
    MANAGE_LISTINGS="Write its listings and hand them in.",
    MANAGE_STOCK="Count and change its stock.",
    MANAGE_SESSIONS="Schedule and change its sessions.",
    FULFIL="Read its orders, ship, and let guests in.",
    VIEW_FINANCE="Read and export its reports.",
)

described(
    MembershipSide,
    "One of the two between whom a membership is.",
    COOPERATIVE="The cooperative.",
    PRODUCER="The producer.",
)

described(
    MembershipRequestState,
    "Where a request for a membership is.",
    REQUESTED="It waits for an answer.",
    ACCEPTED="The membership was made.",
    DECLINED="The other side said no.",
    WITHDRAWN="Whoever asked took it back.",
)

described(
    InvitationState,
    "Where an invitation is.",
    OPEN="It can be answered.",
    ACCEPTED="It was accepted.",
    DECLINED="It was declined.",
    CANCELLED="Its organisation took it back.",
    EXPIRED="Its time is over.",
)


class OrganisationRole(StrEnum):
    """The roles that are held in an organisation, of `kernel.permissions.Role`."""

    OWNER = "OWNER"
    EDITOR = "EDITOR"
    FULFILMENT = "FULFILMENT"
    FINANCE = "FINANCE"
    VIEWER = "VIEWER"


described(
    OrganisationRole,
    "What a person is to an organisation. One person may hold several.",
    OWNER="Does everything, and looks after its people.",
    EDITOR="Writes listings, counts stock, schedules sessions.",
    FULFILMENT="Serves orders: ships, receives guests, may see whom.",
    FINANCE="Reads orders and reports.",
    VIEWER="Looks on.",
)
