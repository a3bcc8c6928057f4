"""What a document may ask for: bounds computed once per text, a price computed per request."""

from schema.edge.limits.bounds import LimitExceeded, Limits
from schema.edge.limits.check import DocumentLimits
from schema.edge.limits.cost import StaticCheck

__all__ = ["DocumentLimits", "LimitExceeded", "Limits", "StaticCheck"]
