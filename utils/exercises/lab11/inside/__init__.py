"""Runs in the student's process: how lab 11 calls what the student writes."""
