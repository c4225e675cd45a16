"""What is asked about a mail: sender checks, filters, scanners."""
