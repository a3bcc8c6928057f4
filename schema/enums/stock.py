"""Enums of stock."""

from market.stock.rules import AdjustReason, Commitment, ConformityBasis, ConformityState, IssuerKind, MovementKind
from schema.scalars import described

__all__ = [
    "AdjustReason",
    "Commitment",
    "ConformityBasis",
    "ConformityState",
    "IssuerKind",
    "MovementKind",
]

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
