"""The audio half of OpenAI's API, spoken by our own tasks: the same queue, the same lock, the same records."""
