"""Who wrote a mail, who is in copy, and which ticket it belongs to."""
