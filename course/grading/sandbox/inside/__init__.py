"""The files that run inside the sandbox, each read as text; nothing here imports the course.

The two sides share `channel` alone, which the trusted side imports too.
"""
