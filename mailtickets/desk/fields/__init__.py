"""What a ticket's mails say that the desk wants to know: fields found, asked for and shown; types; impact, urgency."""
