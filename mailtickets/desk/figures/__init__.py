"""Figures about tickets and mail: what is counted, how it is added up, and what a report says. Pure."""
