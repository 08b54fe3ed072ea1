"""Answers in C, where the student's code runs.

compiling.py   compile a function, and what the compiler says of it
calling.py     call it with arrays, in a process of its own
"""
