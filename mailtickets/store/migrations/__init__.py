"""Alembic's scripts: each step of the schema, from nothing to now."""
