"""Agents' signatures: found, learned, cut off."""
