"""Runs in the student's process: the probes of lab 05."""
