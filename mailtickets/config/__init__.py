"""What the configuration file says, and where things lie."""
