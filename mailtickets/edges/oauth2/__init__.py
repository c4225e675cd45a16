"""Access tokens for mailboxes (OAuth2, RFC 6749): getting them, keeping them, renewing them in time."""
