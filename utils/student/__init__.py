"""The student's work: found, brought up to date, put back, shown and handed in; never overwritten, never lost.

folder.py       the files in `my_work/`, names of labs, new numbered names
file_format.py  the bytes of a file -> a notebook, or what the file is instead; the grader reads with it too
notebook.py     the cells of a notebook; writing one as Jupyter does
code.py         a cell's definitions and statements, and whether it is a stub
matching.py     which cell answers which exercise
carrying.py     all other cells: what comes along into today's lab
transplant.py   today's lab with a student's answers in it; for `update` and for a grader
report.py       the fate of every cell, in sentences
update.py       a new numbered file when the lab changed or one of its cells broke
reset.py        one exercise's stub put back, the student's version kept
challenge.py    the best file of an open challenge
forecast.py     what a grader will see in a notebook
submit.py       the zip that is handed in
course.py       progress: the labs' declarations and the ledger
page.py         progress as a page and as tables in the terminal
"""

from utils.student.notebook import read_notebook
from utils.student.report import Fate, Report
from utils.student.transplant import transplant

__all__ = ["Fate", "Report", "read_notebook", "transplant"]
