"""The rules of the configuration: what they look at, which of them match, and what follows. Pure."""
