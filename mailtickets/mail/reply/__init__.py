"""What the writer of a mail wrote now."""
