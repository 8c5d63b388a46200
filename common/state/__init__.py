"""Task state in Redis: clients, keys, scripts, and the store in front of them."""
