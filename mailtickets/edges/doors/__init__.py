"""Where mail comes in: SMTP, LMTP, IMAP."""
