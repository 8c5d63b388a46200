"""Benchmarks. Each one prints a table and a JSON line, and measures the plain alternative in the same run."""
