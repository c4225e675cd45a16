"""mailtickets: a support desk inside the mailboxes people already have."""
