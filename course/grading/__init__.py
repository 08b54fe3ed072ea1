"""Grade what a class hands in. A student's code is hostile until it is judged, so there are two sides.

The student's side, in the sandbox:
    worker.py, confine.py   run cells and probes, in a fork that has put bounds on itself
    trials.py               sent inside: what a hostile process would try
    costs.py, artifact.py, chip.py  sent inside for a challenge's file: what it costs, what it answers, what it takes on a chip
    channel.py              frames of JSON and raw bytes between the two sides

The trusted side:
    launch.py, proof.py     the sandbox's command line; it is proven before any student's code runs
    jobs.py                 what is asked of a process inside, and what may come back
    talk.py, receiver.py    the dialogue with it, and what it may send
    memory.py               inputs in memory that is read again after the answer
    sandbox.py, visit.py    a worker that is kept warm; a process of its own, with name spaces of its own, for each visit
    tries.py                one visit for a submission's exercises as long as all is well, else one for each
    inside.py               which probes go inside, as source
    lab.py, names.py, plan.py   a lab's cells and references; which cells an exercise needs
    grade.py, marks.py      inputs from the secret seed, judges, marks
    challenge.py            files of the open challenges: what is asked, the mark
    asking.py, testsets.py, losses.py   what a sandbox is asked about a file, on which inputs, and how sure a loss is

Around them:
    intake.py and its parts     folders and zips as they come from a learning platform -> submissions
    pool.py, serve.py, cluster.py, run.py   many submissions at once, here or on a cluster
    gradebook.py, weights.py, table.py      what is kept, and how it counts
    feedback.py, overview.py, pages.py, show.py     what students and instructors see

The sides share channel.py alone; nothing inside imports the course's package.
"""
