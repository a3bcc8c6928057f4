"""What is received, before it is a lot."""

from dataclasses import dataclass
from datetime import date

from market.kernel.errors import Invalid
from market.stock.rules import QUANTITY_MAX, Commitment, ConformityBasis, IssuerKind

CODE_MAX = 64
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class ConformityDraft:
    """A conformity certificate (承诺达标合格证). No number means that it has none."""

    issued_on: date
    issuer: IssuerKind
    basis: ConformityBasis
    commitments: tuple[Commitment, ...] = tuple(Commitment)
    number: str | None = None


@dataclass(frozen=True, slots=True)
class LotDraft:
    """Pieces of a variant that came in. Without `harvested_on` they belong to no lot (未分批), and nothing else is said
    of them. `code` is the producer's own name for the lot; `reference` says what brought it, an import say.

    `best_before` is only given where it is not the harvest and the product's shelf life.
    """

    variant_id: str
    quantity: int
    harvested_on: date | None = None
    code: str | None = None
    plot: str = ""
    best_before: date | None = None
    certificate: ConformityDraft | None = None
    note: str = ""
    reference: str | None = None


def check_lot(draft: LotDraft, *, today: date) -> None:
    """Refuses with Invalid what no lot can be: a quantity that is not 1 to 1,000,000, a harvest to come, a best before
    that is earlier, texts too long, or facts of a lot without its harvest date."""
    check_quantity(draft.quantity)
    _check_text(draft.plot, field="plot")
    _check_text(draft.note, field="note")
    _check_code(draft.code, field="code")
    if draft.harvested_on is None:
        if draft.code is not None or draft.plot or draft.best_before is not None or draft.certificate is not None:
            raise Invalid(
                field="harvested_on",
                allowed="a lot with a code, a plot, a best before or a certificate has a harvest date",
                allowed_zh="填写了批次号、地块、保质期或合格证的批次须有采收（生产）日期",
            )
        return
    if draft.harvested_on > today:
        raise Invalid(field="harvested_on", allowed="today or earlier", allowed_zh="采收（生产）日期不能晚于今天")
    if draft.best_before is not None and draft.best_before < draft.harvested_on:
        raise Invalid(field="best_before", allowed="not before the harvest", allowed_zh="保质期不早于采收（生产）日期")
    if draft.certificate is not None:
        check_certificate(draft.certificate, today=today)


def check_certificate(draft: ConformityDraft, *, today: date) -> None:
    """Refuses with Invalid what no conformity certificate can be: issued in the future, without both commitments, or
    with a number that is empty or too long."""
    if draft.issued_on > today:
        raise Invalid(field="certificate.issued_on", allowed="today or earlier", allowed_zh="开具日期不能晚于今天")
    if set(draft.commitments) != set(Commitment):
        raise Invalid(
            field="certificate.commitments",
            allowed="both commitments: no banned substances, residues within limits",
            allowed_zh="须承诺未使用禁用农药、兽药及其他化合物，且常规农药、兽药残留不超标",
        )
    _check_code(draft.number, field="certificate.number")


def check_quantity(quantity: int, *, field: str = "quantity") -> None:
    """Refuses with Invalid a quantity that is not 1 to 1,000,000."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(
            field=field,
            allowed=f"a quantity is 1 to {QUANTITY_MAX}",
            allowed_zh=f"数量为 1 到 {QUANTITY_MAX}",
        )


def check_note(note: str, *, is_required: bool) -> None:
    """Refuses with Invalid a note that is too long, or empty where the reason needs words."""
    _check_text(note, field="note")
    if is_required and not note.strip():
        raise Invalid(field="note", allowed="say what OTHER is", allowed_zh="原因为“其他”时请填写说明")


def _check_code(code: str | None, *, field: str) -> None:
    if code is not None and (not code.isprintable() or code != code.strip() or not 1 <= len(code) <= CODE_MAX):
        raise Invalid(
            field=field,
            allowed=f"1 to {CODE_MAX} characters that can be seen, no space at either end",
            allowed_zh=f"1 至 {CODE_MAX} 个可见字符，首尾不含空格",
        )


def _check_text(text: str, *, field: str) -> None:
    if len(text) > TEXT_MAX or "\0" in text:
        raise Invalid(field=field, allowed=f"at most {TEXT_MAX} characters", allowed_zh=f"最多 {TEXT_MAX} 个字符")
