"""A day at the desk. A package, so that its desk is closed when its tests are over: pytest has no other such scope."""
