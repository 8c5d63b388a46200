"""Benchmarks: each prints a table and one JSON line, and measures the plain alternative in the same run."""
