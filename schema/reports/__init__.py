"""Reports: sales, the catalogue, and what is made of them."""

from schema.reports.catalogue import ReportCatalogueQueries
from schema.reports.reads import REPORT_QUERIES, ReportQueries

__all__ = ["REPORT_QUERIES", "ReportCatalogueQueries", "ReportQueries"]
