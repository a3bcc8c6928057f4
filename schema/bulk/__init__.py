"""Imports and exports: the jobs, what is wrong with their rows, and what sheets look like."""

from schema.bulk.changes import ImportMutations
from schema.bulk.reads import IMPORT_JOB, IMPORT_QUERIES
from schema.bulk.types import ImportQueries

__all__ = ["IMPORT_JOB", "IMPORT_QUERIES", "ImportMutations", "ImportQueries"]
