"""The clock: what is done because time has passed, and not because mail has come."""
