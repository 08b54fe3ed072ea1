"""Runs in the student's process: how lab 07 compiles and calls what the student writes."""
