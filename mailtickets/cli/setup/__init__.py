"""How `init` makes a configuration of answers that are asked or read."""
