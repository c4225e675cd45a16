"""A report for people and for programs: text, HTML, CSV, JSON and PDF, all of one `DeskReport`."""
