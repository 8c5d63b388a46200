"""Callbacks: signed, retried, recorded. Messages are written with the final state; this package delivers them."""
