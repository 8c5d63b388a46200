"""What the gateway and the workers share; imports nothing of theirs."""
