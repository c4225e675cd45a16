"""Where the rooms meet: accept, process, deliver."""
