"""Mutations: `declare.py` says how one is written, `errors.py` how refusals are told. Each noun's are with its types."""

from schema.mutations.declare import IdempotencyKey, Info, changed, mutation
from schema.mutations.errors import COMMON, UserError, told_as

__all__ = ["COMMON", "IdempotencyKey", "Info", "UserError", "changed", "mutation", "told_as"]
