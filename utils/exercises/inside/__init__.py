"""Runs in the student's process. Only this folder and labNN/inside may enter the grader's sandbox, as source.

probing.py   call the student's function, return plain values
floats.py    note the operations that compute in floating point
answers.py   what may be an answer
tools.py     compilers of this machine
c/           compile and call answers in C
"""
