"""The student's work: found, brought up to date, put back, shown and handed in; never overwritten, never lost.

folder.py       which files are there, new numbered names
notebook.py     read whatever is in a student's notebook, write as Jupyter does
code.py         what a cell's text defines, whether it is a stub, its statements
matching.py     which cell answers which exercise
carrying.py     what becomes of all other cells
transplant.py   today's lab with a student's answers in it; for `update` and for a grader
report.py       what was done with every cell, in sentences
update.py       a new numbered file when the lab changed
reset.py        one exercise's stub put back, the student's version kept
submit.py       the zip that is handed in
course.py       where the student stands: the labs' declarations and the ledger
page.py         the same as a page and as tables in the terminal
"""

from utils.student.notebook import read_notebook
from utils.student.report import Fate, Report
from utils.student.transplant import transplant

__all__ = ["Fate", "Report", "read_notebook", "transplant"]
