"""Reports: sales, the catalogue, and what is made of them."""

from schema.reports.reads import REPORT_QUERIES, ReportQueries

__all__ = ["REPORT_QUERIES", "ReportQueries"]
