"""Times that follow from the events of a ticket and from working hours. Pure."""
