"""The GPU: who may use it (lock), which models are loaded (residency), which devices exist (devices)."""
