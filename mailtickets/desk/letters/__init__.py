"""Notices in words, and the mail around them."""
