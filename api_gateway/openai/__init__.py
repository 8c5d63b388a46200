"""The audio part of OpenAI's API, implemented by Baton's tasks: the same queue, the same lock, the same records."""
