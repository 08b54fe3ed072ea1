"""What runs in the student's process for lab 04."""
