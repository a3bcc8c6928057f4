"""Refusals of the plan's own."""

from market.kernel.errors import Conflict


class OwnFigure(Conflict):
    """Whoever submitted a figure does not verify it: four eyes see it."""

    code = "OWN_FIGURE"
    zh = "不能审核自己提交的数据，请由另一位工作人员审核。"
    en = "You submitted this figure yourself: somebody else must look at it."


class IndicatorInUse(Conflict):
    """What an indicator means cannot change under its targets, figures and formulas. Facts: `indicator` (its code)."""

    code = "INDICATOR_IN_USE"
    zh = "指标“{indicator}”已有目标、数据或被公式引用，不能停用或改变其含义；请另建新指标。"
    en = (
        "The indicator “{indicator}” has targets or figures, or a formula names it: what it means cannot change. Define "
        "another one instead."
    )
