"""What a gateway process runs beside its requests: loops, wake-ups, event hub."""
