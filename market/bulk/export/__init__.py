"""What there is, as the sheets it would be imported by; and an import's rows in error."""

from market.bulk.export.error_list import write_error_list
from market.bulk.export.sheet import write_export

__all__ = ["write_error_list", "write_export"]
