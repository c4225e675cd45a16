"""The server's side of SMTP and LMTP."""
