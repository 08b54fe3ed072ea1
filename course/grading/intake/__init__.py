"""Turns folders and zips, as they come from a learning platform, into submissions."""
