"""From a mail or an order to a draft, and from a draft to what is written."""
