"""deliver(): copies that are due are claimed, sent, and recorded (transaction 3)."""
