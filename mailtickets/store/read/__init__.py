"""What is read: facts for decisions, rows for people."""
