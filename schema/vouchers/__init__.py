"""Voucher campaigns: for those who make them, and for those who may use them."""

from schema.vouchers.campaigns import CAMPAIGN, VOUCHER_QUERIES, VoucherQueries
from schema.vouchers.changes import VoucherMutations

__all__ = ["CAMPAIGN", "VOUCHER_QUERIES", "VoucherMutations", "VoucherQueries"]
