"""The world: servers and clients that carry bytes in and out. They decide nothing."""
