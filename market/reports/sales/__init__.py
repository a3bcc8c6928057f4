"""What was sold: one question, any grouping. `ask.sales_report` is the use case; `query.py` is its one statement."""
