"""What agents order by mail: reading, and carrying out."""
