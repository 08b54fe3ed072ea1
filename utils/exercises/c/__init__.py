"""Answers in C, where they are judged.

arrays.py   read the text of an array without a compiler
judges.py   what a compiled function returned, and what the compiler said
"""
