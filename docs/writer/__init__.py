"""Generators of the reference pages: each module returns one page and writes no file."""
