"""The digital-village plan: what is to be reached, what was reported, the scorecard."""

from schema.plan.changes import PlanMutations
from schema.plan.reads import PLAN_QUERIES, PLAN_TARGETS, PlanQueries
from schema.plan.scorecard import ScorecardQueries

__all__ = ["PLAN_QUERIES", "PLAN_TARGETS", "PlanMutations", "PlanQueries", "ScorecardQueries"]
