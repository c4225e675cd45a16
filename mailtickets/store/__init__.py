"""What is remembered: the only SQL, and the owner of every change of state.

Functions take a Connection that is inside a transaction (`Database.transaction`), so that a caller can do
several things or none. They raise `Transient` for trouble that may pass and `Stale` for a decision that was
made on facts which have changed since.
"""
