"""Marks for the files of the open challenges."""
