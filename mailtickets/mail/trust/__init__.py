"""What can be believed of where a mail comes from."""
