"""Grade what a class hands in. A student's code is hostile until it is judged, so there are two sides.

intake/     folders and zips as they come from a learning platform -> submissions
sandbox/    the trusted side of the sandbox; sandbox/inside/ is all that runs in it beside probes and students' cells
judge/      a lab's cells and references, which cells an exercise needs, inputs from the secret seed, marks
challenge/  files of the open challenges: what is asked of the sandbox, on which inputs, the mark
workers/    many submissions at once, on this computer or on a cluster
report/     what is kept, how it counts, what students and instructors see
run.py      one run over all of it; progress.py shows how far it is
submission.py, marks.py, text.py    what the folders hand to each other: data, and texts made safe to show

Imports go from `run` to report, workers, challenge, judge, sandbox, intake; none goes back.
"""
