"""The rooms' enums as GraphQL enums: each value described. Types take them from here."""

from enum import StrEnum

from market.bookings.rules import BookingState, TicketState
from market.catalogue.rules import (
    GiftPer,
    ListingKind,
    ListingState,
    NoteKind,
    PricingPer,
    StockState,
    Storage,
    UnitKind,
    WindowKind,
)
from market.catalogue.rules.states import (
    ListingEventKind,
    ListingReason,
    RevisionState,
    SuspensionCause,
    Verdict,
)
from market.checkout.errors import ProblemKind
from market.kernel.permissions import Role
from market.media.errors import UnusableReason
from market.media.rules import MediaKind, MediaSize
from market.orders.rules import (
    Channel,
    DeliveryMethod,
    LineKind,
    OrderState,
    ReturnBasis,
    SellerOrderState,
)
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
from market.payments.rules import PaymentState, PayMethod
from market.people.profile.rules import (
    ConsentDecision,
    ConsentKind,
    ConsentSource,
    MessageLanguage,
    PrivacyKind,
    PrivacyState,
)
from market.people.rules import AccountState, SignInMethod
from market.places.rules import RegionLevel
from market.sessions.rules import (
    AvailabilityStatus,
    CloseReason,
    DrawPer,
    PoolKind,
    PoolPeriod,
    SeriesState,
    SessionEventKind,
    SessionState,
)
from market.sessions.steps import SaveOutcome
from market.stock.rules import (
    AdjustReason,
    Commitment,
    ConformityBasis,
    ConformityState,
    IssuerKind,
    MovementKind,
)
from market.vouchers.rules import Funder
from schema.scalars import described

__all__ = [
    "AccountState",
    "AdjustReason",
    "AvailabilityStatus",
    "BookingState",
    "CertificateKind",
    "Channel",
    "CloseReason",
    "Commitment",
    "ConformityBasis",
    "ConformityState",
    "ConsentDecision",
    "ConsentKind",
    "ConsentSource",
    "DeliveryMethod",
    "DocumentState",
    "DrawPer",
    "Funder",
    "GiftPer",
    "InvitationState",
    "IssuerKind",
    "LicenceKind",
    "LineKind",
    "ListingEventKind",
    "ListingKind",
    "ListingReason",
    "ListingState",
    "MediaKind",
    "MediaSize",
    "MembershipRequestState",
    "MembershipSide",
    "MessageLanguage",
    "MovementKind",
    "NoteKind",
    "OrderState",
    "OrganisationKind",
    "OrganisationRole",
    "OrganisationState",
    "PayMethod",
    "PaymentState",
    "PoolKind",
    "PoolPeriod",
    "Power",
    "PricingPer",
    "PrivacyKind",
    "PrivacyState",
    "ProblemKind",
    "RegionLevel",
    "ReturnBasis",
    "ReviewReason",
    "RevisionState",
    "Role",
    "SaveOutcome",
    "SellerOrderState",
    "SeriesState",
    "SessionEventKind",
    "SessionState",
    "SignInMethod",
    "StockState",
    "Storage",
    "SuspensionCause",
    "TicketState",
    "UnitKind",
    "UnusableReason",
    "Verdict",
    "WindowKind",
]

described(
    RegionLevel,
    "How far down the tree of regions.",
    PROVINCE="A province.",
    CITY="A prefecture-level city.",
    COUNTY="A county, district or county-level city.",
    TOWNSHIP="A town, township or sub-district.",
    VILLAGE="A village or neighbourhood committee, or the like.",
)

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
    ListingKind,
    "What a listing offers.",
    PRODUCT="Produce, sold by variant and shipped or picked up.",
    TOUR_PACKAGE="A dated agri-tourism package (农旅套餐).",
)

described(
    ListingState,
    "Where a listing stands.",
    DRAFT="Never approved yet: only its own people and staff see it.",
    LIVE="On sale.",
    SUSPENDED="Off sale for one or more causes, until the last of them is gone.",
    WITHDRAWN="Taken off sale by its seller, or a draft that was given up.",
)

described(
    RevisionState,
    "Where a revision of a listing stands.",
    DRAFT="Being written.",
    SUBMITTED="Handed in: a reviewer decides.",
    CHANGES_REQUESTED="Sent back with reasons: its seller goes on writing.",
    APPROVED="The listing says what it says.",
    REJECTED="Refused with reasons; the listing stays as it was.",
    WITHDRAWN="Taken back by its seller.",
)

described(
    SuspensionCause,
    "Why a listing is off sale against its seller's will.",
    MODERATION="Staff took it off; an approved revision or staff bring it back.",
    CERTIFICATE="A certificate that covers it has ended; a revision with a valid one brings it back.",
    LICENCE="A licence that its seller needs has ended; with a valid one the seller puts it back.",
    FROZEN="Its producer or its cooperative is frozen; it returns with them.",
)

described(
    Verdict,
    "What a reviewer says.",
    APPROVE="The listing shall say this.",
    REJECT="It shall not; the revision is over.",
    REQUEST_CHANGES="Not like this; its seller goes on with it.",
)

described(
    ListingReason,
    "Why a revision is not approved, or a listing is off sale.",
    INCOMPLETE="Something that buyers need to know is missing.",
    WRONG_CATEGORY="It belongs in another category.",
    MISLEADING="It says what is not so.",
    FORBIDDEN_WORDS="Words that the Advertising Law forbids (广告法第九条、第十七条).",
    PICTURES="The pictures show something else, or cannot be used.",
    CERTIFICATE="A certificate is missing or does not cover it.",
    LICENCE="A licence is missing.",
    FORBIDDEN_GOODS="It may not be sold here.",
    DUPLICATE="It is on sale already.",
    OTHER="Something else, said in the note.",
)

described(
    ListingEventKind,
    "What happened to a listing.",
    CREATED="Its first draft was saved.",
    SUBMITTED="A revision was handed in.",
    APPROVED="A revision was approved.",
    REJECTED="A revision was rejected.",
    CHANGES_REQUESTED="A revision was sent back.",
    REVISION_WITHDRAWN="A revision was taken back.",
    WITHDRAWN="Its seller took it off sale.",
    RELISTED="Its seller put it back on sale.",
    SUSPENDED="A cause to be off sale began.",
    RESUMED="A cause to be off sale ended.",
)

described(
    Storage,
    "How produce must be kept and shipped.",
    AMBIENT="At room temperature.",
    CHILLED="Chilled, 0 to 4 °C.",
    FROZEN="Frozen, -18 °C or below.",
)

described(
    NoteKind,
    "What a line of a tour package says.",
    INCLUDED="What is included.",
    EXCLUDED="What is not.",
    BRING="What to bring.",
)

described(
    StockState,
    "What buyers are told about stock.",
    IN_STOCK="More than five are free to sell.",
    LOW="One to five are.",
    SOLD_OUT="None is.",
)

described(
    WindowKind,
    "What a season window is for.",
    SALE="On sale.",
    HARVEST="Harvested.",
    SHIPPING="Shipped.",
)

described(
    UnitKind,
    "Who a ticket is for (OCTO's unit types).",
    ADULT="An adult.",
    YOUTH="A young person.",
    CHILD="A child.",
    INFANT="A small child.",
    FAMILY="A family, as many people as its pax count.",
    SENIOR="An older person.",
    STUDENT="A student.",
    OTHER="Anything else: a room, a table, a tree.",
)

described(PricingPer, "What a price is for.", UNIT="For each unit.", BOOKING="For the booking, however many units.")

described(GiftPer, "How gifts are handed out.", BOOKING="Once a booking.", PERSON="To each person.")

described(
    SessionState,
    "What its operator says about a session.",
    OPEN="It takes place and can be booked until its cutoff.",
    CLOSED="It takes no more bookings.",
    CANCELLED="It does not take place.",
)

described(
    CloseReason,
    "Why a session was closed or cancelled.",
    WEATHER="The weather: a typhoon, high water, ice.",
    STAFF="Nobody to lead it.",
    VENUE="The place cannot be used or reached.",
    SERIES="Its series was changed or ended, and nobody had a seat in it.",
    OTHER="Something else.",
)

described(
    SessionEventKind,
    "What happened to a session.",
    CLOSED="It takes no more bookings.",
    REOPENED="It takes bookings again.",
    CANCELLED="It does not take place.",
    CAPACITY_CHANGED="More people fit, or fewer.",
)

described(
    SeriesState,
    "Whether a series still makes sessions.",
    ACTIVE="It does, up to its last day.",
    ENDED="It was ended.",
)

described(
    SaveOutcome,
    "What saving something came to.",
    CREATED="It is new.",
    CHANGED="It was there and is another now.",
    UNCHANGED="It was there, and the same.",
)

described(
    PoolKind,
    "What sessions share.",
    BUS_SEAT="The seats of a bus.",
    ROOM="Rooms to sleep in.",
    INSTRUCTOR="People who lead.",
    EQUIPMENT="Things to use: boots, boats, bicycles.",
    VENUE="A place: a workshop, a plot, a kitchen.",
    OTHER="Something else.",
)

described(
    PoolPeriod,
    "What a pool's capacity is counted for.",
    DAY="Each day on which a session takes place.",
    NIGHT="Each night that a session stays over, or else its only day.",
    TIME="Each stretch of `slotMinutes` that a session touches.",
)

described(
    DrawPer,
    "For what a session takes units of a pool.",
    PERSON="Each person.",
    BOOKING="Each booking, however many people.",
)

described(
    AvailabilityStatus,
    "Whether it can be booked now (OCTO's words).",
    AVAILABLE="At least half is left.",
    LIMITED="Less than half is left.",
    SOLD_OUT="Nothing is left.",
    CLOSED="Not bookable: closed, cancelled or past its cutoff.",
)

described(
    MovementKind,
    "Why pieces of a variant came or went.",
    RECEIVED="Came in.",
    RETURNED="Came back from a buyer.",
    SHIPPED="Left for a buyer.",
    WRITTEN_OFF="Were lost, given away or used.",
    ADJUSTED="A wrong number was put right.",
    TRANSFERRED="Went from one lot to another.",
)

described(
    AdjustReason,
    "Why somebody set the stock right. The first four only ever take away.",
    DAMAGED="Damaged.",
    SPOILED="Spoiled.",
    GIFT="Given away.",
    OWN_USE="Used by the producer.",
    COUNTED="Counted (盘点).",
    OTHER="Something else; the note says what.",
)

described(
    ConformityState,
    "How a lot stands to the conformity certificate (承诺达标合格证).",
    NOT_REQUIRED="The law does not ask for one.",
    ISSUED="It has one.",
    MISSING="The law asks for one and it has none. Only of producers that are not bound to issue it.",
)

described(
    IssuerKind,
    "Who issues a conformity certificate.",
    ENTERPRISE="A company that produces.",
    COOPERATIVE="A farmers' cooperative.",
    FARMER="A farmer.",
    PURCHASER="Who buys from farmers to sell on.",
)

described(
    ConformityBasis,
    "What the promise of a conformity certificate rests on.",
    QUALITY_CONTROL="The issuer's own quality control.",
    OWN_TEST="The issuer's own test.",
    COMMISSIONED_TEST="A laboratory's test.",
)

described(
    Commitment,
    "What a conformity certificate promises.",
    NO_BANNED_SUBSTANCES="No banned pesticides, veterinary drugs or other compounds were used.",
    RESIDUES_WITHIN_LIMITS="Residues of permitted ones are within the limits.",
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

described(
    MediaKind,
    "What an uploaded picture is for.",
    LISTING="A listing shows it: everybody may see it. An organisation's.",
    LICENCE="A scan of a licence: for whoever reviews it. An organisation's, or the applicant's own.",
    CLAIM="It shows what arrived broken: for the two sides and staff. A person's own.",
)

described(
    MediaSize,
    "A size of a picture; smaller pictures are not enlarged.",
    SMALL="At most 320 pixels on the longer side.",
    MEDIUM="At most 960 pixels on the longer side.",
    LARGE="At most 1,920 pixels on the longer side.",
)

described(
    UnusableReason,
    "Why no picture can be made of a file.",
    EMPTY="There is nothing in it.",
    TOO_MANY_BYTES="It has more than 10 MiB.",
    FORMAT="It is not JPEG, PNG or WebP, whatever it is called.",
    TOO_MANY_PIXELS="It has more than 25 megapixels (WebP 12.5), or more than 8,000 pixels on a side.",
    ANIMATED="It moves.",
    DAMAGED="It is damaged or was cut off.",
    UNUSUAL="It is built in a way that no camera or program builds it.",
)

described(
    AccountState,
    "Whether an account can be used.",
    ACTIVE="It can.",
    BLOCKED="Staff have blocked it.",
    ERASED="Its person had it closed for good.",
)

described(
    SignInMethod,
    "How a device was let in.",
    PHONE="By a code sent to a phone.",
    WECHAT="From the WeChat mini-program.",
    PASSWORD="By password, and a second factor where there is one.",  # noqa: S106 - a description
)

described(
    Role,
    "What somebody is to the marketplace, to an organisation, or to a region.",
    VISITOR="Not signed in. Nobody holds it.",
    CUSTOMER="Signed in. Nobody needs to be given it.",
    OWNER="Answers for an organisation: all that it does.",
    EDITOR="An organisation's listings, stock and sessions.",
    FULFILMENT="An organisation's shipping, handing over and guests.",
    FINANCE="An organisation's orders, statements and reports.",
    VIEWER="Sees an organisation's listings, stock and sessions.",
    STAFF_MODERATOR="Reviews organisations and listings of a region.",
    STAFF_ANALYST="Reads the reports of a region.",
    STAFF_FINANCE="Orders, payments and vouchers of a region.",
    ADMIN="Everything, everywhere.",
    SYSTEM="The marketplace itself. Nobody holds it.",
)

described(
    MessageLanguage,
    "The language that messages to a person are in.",
    ZH_CN="Simplified Chinese.",
    EN="English.",
)

described(
    ConsentKind,
    "What is consented to, each by itself.",
    TERMS="The terms of use.",
    PRIVACY="How personal data is used.",
    MARKETING="Being told of offers.",
    SENSITIVE_DATA="The use of sensitive data, identity cards for example.",
)

described(ConsentDecision, "Which way somebody decided.", GIVEN="They consented.", WITHDRAWN="They took it back.")

described(
    ConsentSource,
    "Where somebody was asked for consent.",
    MINI_PROGRAM="In the WeChat mini-program.",
    APP="In the app.",
    WEB="On the web.",
    PAPER="On paper.",
)

described(
    PrivacyKind,
    "What a person may ask about their data.",
    EXPORT="A copy of all of it.",
    ERASURE="That it is erased, and the account closed.",
)

described(
    PrivacyState,
    "How far a privacy request is.",
    REQUESTED="It is waiting to be done; an erasure cools off.",
    READY="The copy can be read.",
    EXPIRED="The copy is kept no longer.",
    WITHDRAWN="The erasure was taken back.",
    ERASED="The person was erased.",
)

described(
    OrderState,
    "Where an order stands.",
    PENDING_PAYMENT="It waits to be paid, and holds what it is of until then.",
    PAID="It is paid; its sellers' parts say how far it is.",
    COMPLETED="It is over.",
    REFUNDED="All of it was paid back.",
    CANCELLED="Its buyer gave it up before paying.",
    EXPIRED="It was not paid in time.",
)

described(
    SellerOrderState,
    "Where one seller's part of an order stands.",
    PENDING="The order is not paid yet.",
    OPEN="Paid: to be fulfilled.",
    PARTLY_FULFILLED="Some of it was handed over.",
    FULFILLED="All of it was handed over.",
    COMPLETED="It is over: no more claims, the money is the seller's.",
    CANCELLED="It is not to be fulfilled.",
)

described(
    LineKind,
    "What a line is of.",
    PRODUCT="Produce.",
    BOOKING="Tickets of a session.",
    GIFT="Produce that comes with a booking, for nothing.",
)

described(
    DeliveryMethod,
    "How produce gets to its buyer.",
    EXPRESS="By express.",
    COLD_CHAIN="By express that keeps it cold.",
    PICKUP="Fetched at a pick-up point.",
    DROP="Brought and put down, without contact.",
    NONE="There is nothing to deliver.",
)

described(
    Channel,
    "Where something was bought.",
    MINI_PROGRAM="In a WeChat mini-program.",
    WEB="On the web.",
    APP="In an app.",
    LIVESTREAM="From a live stream.",
    STAFF="By staff, for somebody.",
)

described(
    ReturnBasis,
    "Whether produce may be sent back within seven days without a reason.",
    SEVEN_DAYS="It may.",
    PERISHABLE="It may not: it is fresh and spoils (鲜活易腐). Claims for spoilage are always open.",
    MADE_TO_ORDER="It may not: it is made to order.",
    AGREED="It may not: the buyer confirmed that when buying.",
)

described(
    BookingState,
    "Where a booking stands (OCTO's words, and NO_SHOW).",
    ON_HOLD="Its seats are held until the order is paid.",
    CONFIRMED="Its seats are the party's.",
    REDEEMED="They came.",
    NO_SHOW="They did not come.",
    CANCELLED="It was cancelled.",
    EXPIRED="It was not paid in time.",
)

described(
    TicketState,
    "Where a ticket stands.",
    PENDING="Its booking is not confirmed yet.",
    VALID="It lets in.",
    REDEEMED="It was used.",
    NO_SHOW="It was not used.",
    CANCELLED="It lets nobody in.",
)

described(
    Funder,
    "Who pays for a discount.",
    PLATFORM="The platform.",
    SELLER="The seller: its income is less.",
    GOVERNMENT="An authority, from a budget (消费券).",
)

described(
    PaymentState,
    "Where a payment stands.",
    CREATED="Written down; the provider may not know of it yet.",
    PENDING="It waits for the buyer.",
    SUCCEEDED="The money has come.",
    CLOSED="Nobody can pay it any more.",
    NEEDS_REVIEW="Money came that is not what was asked for: somebody looks at it.",
)

described(
    PayMethod,
    "How an order is paid.",
    WECHAT_JSAPI="WeChat Pay inside WeChat; needs the buyer's openid.",
    WECHAT_NATIVE="WeChat Pay by a code to scan.",
    WECHAT_H5="WeChat Pay from a browser.",
    BANK_TRANSFER="Bank transfer; finance confirms it.",
    SANDBOX="No money: a page to click on, in development.",
)

described(
    ProblemKind,
    "What is wrong with a line of a cart, or with the order.",
    NOT_ON_SALE="It is no longer on sale.",
    SOLD_OUT="Fewer are left than wanted.",
    SESSION_CLOSED="The session takes no bookings.",
    SESSION_FULL="Fewer seats are left than wanted.",
    PAST_CUTOFF="It is too late to book the session.",
    PARTY_IMPOSSIBLE="These tickets cannot be booked together.",
    PRICE_CHANGED="It costs something else than the buyer saw.",
    DELIVERY_UNAVAILABLE="It cannot be delivered there, or not that way.",
    VOUCHER_UNUSABLE="The voucher cannot be used.",
    CONFIRMATION_MISSING="The buyer must confirm that it cannot be sent back without a reason.",
)
