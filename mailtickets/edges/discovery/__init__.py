"""Where a domain's mail is read and handed in, as its DNS and its autoconfig file say. Only `init` asks."""
