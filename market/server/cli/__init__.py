"""The command line: one program for whoever runs, deploys or looks after the marketplace."""

from market.server.cli.build import build_cli
from market.server.cli.parts import Parts, Progress, Seeded

__all__ = ["Parts", "Progress", "Seeded", "build_cli"]
