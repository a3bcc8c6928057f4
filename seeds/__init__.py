"""Demo content, made through the use cases that people use, and load data for benchmarks."""

from seeds.demo import seed_demo
from seeds.load import seed_load
from seeds.report import Progress, SeedReport

__all__ = ["Progress", "SeedReport", "seed_demo", "seed_load"]
