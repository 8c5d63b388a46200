"""The task record and its Redis: clients, keys, scripts, and the store in front of them."""
