"""Tickets, messages and queues as JSON and as tables: one shape for the command line and for HTTP."""
