"""The root of all changes: each noun's mutations are with its types."""

import strawberry

from schema.aftersales import AftersalesMutations
from schema.bookings.changes import BookingMutations
from schema.bulk import ImportMutations
from schema.checkout import CheckoutMutations
from schema.fulfilment.changes import FulfilmentMutations
from schema.fulfilment.receipt import ReceiptMutations
from schema.listings import ReviewerListingMutations, SellerListingMutations
from schema.media import MediaMutations
from schema.organisations.mutations import OrganisationMutations
from schema.payments import PaymentMutations
from schema.people.accounts import AccountMutations
from schema.people.keys import KeyMutations
from schema.people.profile import ProfileMutations
from schema.people.security import SecurityMutations
from schema.people.sign_in import SignInMutations
from schema.plan import PlanMutations
from schema.reports.outputs import ReportOutputMutations
from schema.reviews import ReviewMutations
from schema.sessions import PoolMutations, SeriesMutations, SessionMutations
from schema.settlement import BillMutations, PayoutMutations, SettlementMutations
from schema.stock import StockMutations
from schema.vouchers import VoucherMutations
from schema.webhooks import WebhookMutations


@strawberry.type(
    description="All changes. Each answers with what was done or with why not; nothing is done halfway. What creates or "
    "moves something takes an `idempotencyKey`: sent again with it, it is done once and answers the same."
)
class Mutation(
    BillMutations,
    PaymentMutations,
    PayoutMutations,
    SettlementMutations,
    AftersalesMutations,
    ReviewMutations,
    ImportMutations,
    BookingMutations,
    CheckoutMutations,
    FulfilmentMutations,
    ReceiptMutations,
    ProfileMutations,
    SellerListingMutations,
    ReviewerListingMutations,
    MediaMutations,
    StockMutations,
    SignInMutations,
    SecurityMutations,
    KeyMutations,
    AccountMutations,
    OrganisationMutations,
    ReportOutputMutations,
    PlanMutations,
    SessionMutations,
    SeriesMutations,
    PoolMutations,
    VoucherMutations,
    WebhookMutations,
):
    pass
