"""Demo content, made through the use cases that people use, and load data for benchmarks.

Nothing is imported here: a server asks `seeds.report` what there is, and needs no more of it.
"""
