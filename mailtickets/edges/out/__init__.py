"""Where mail goes out: a smarthost or a Maildir."""
