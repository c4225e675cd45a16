"""What kind of mail it is: of a person, a machine, a list, a report."""
