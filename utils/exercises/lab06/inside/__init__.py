"""What of lab 06 runs in the student's process."""
