"""What the tests run: a real Redis, a real gateway and a real worker, with a service of tasks made to misbehave."""
