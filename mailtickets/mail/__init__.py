"""Bytes and meaning: what a mail says, and how one is written. Pure; knows nothing of tickets."""
