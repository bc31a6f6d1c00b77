"""Measurements to be run by hand, each with `python -m tests.benchmarks.<name>`."""
