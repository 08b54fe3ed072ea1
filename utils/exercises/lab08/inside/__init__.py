"""Runs in the student's process: how lab 08 calls what the student writes."""
