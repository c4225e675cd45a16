"""From octets to parts, text and header fields."""
