"""Callbacks: signed, retried, recorded. The entry is written with the final state; this side only delivers."""
