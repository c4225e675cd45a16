"""From a mail as values to its octets."""
