"""Floor 14: what runs the marketplace. Settings, logs, metrics, health, the worker, the command line.

Read `settings.py` first, then `cli/`. It knows no GraphQL: what answers requests is named by the composition root.
"""
