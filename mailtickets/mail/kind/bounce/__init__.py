"""Delivery reports, in the many forms that mail systems give them."""
