"""HTTP concerns of the gateway: authentication, limits, errors, event streams."""
