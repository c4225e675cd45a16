"""Where a domain's mail is read and handed in: its DNS, its autoconfig file."""
