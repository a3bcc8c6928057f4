"""How what was bought gets to its buyers: price lists and pick-up points, shipments, what carriers say, what to pick.

Mutations (`changes`, `receipt`) answer with seller orders, which show shipments: they are imported from their modules.
"""

from schema.fulfilment.picking import PickQueries
from schema.fulfilment.reads import FULFILMENT_QUERIES, FULFILMENT_TARGETS, SHIPMENT
from schema.fulfilment.types import FulfilmentQueries, Shipment

__all__ = [
    "FULFILMENT_QUERIES",
    "FULFILMENT_TARGETS",
    "SHIPMENT",
    "FulfilmentQueries",
    "PickQueries",
    "Shipment",
]
