"""The GPU: who may use it now (the lock), what is on it (residency), what it is (devices)."""
