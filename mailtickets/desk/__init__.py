"""What to do about a mail: who wrote it, which ticket it belongs to, what follows. Pure."""
