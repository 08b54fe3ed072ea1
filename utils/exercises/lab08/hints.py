"""What lab 08 says to those who fail a case: a nudge, then the likely mistake.

OF_...: hints for the mistakes that a judge recognises, by what its verdict is about (`mistakes.py`, `judges.py`).
"""

from __future__ import annotations

CHANGED = (
    "Print what you were given before and after.",
    "Methods that end in _ (mul_, add_) and operators like += change a tensor or a list that somebody else still holds.",
)
REFUSE = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")

PARTS = (
    "Which five parts are asked for, and in which unit?",
    "weights, gradients, momentum, activations and total: bytes, 4 for a number.",
)
BEHIND = (
    "The gradient runs from the loss back to the first step that learns. What does it pass?",
    "All steps behind that one: of these, those with needs_output keep their outputs. Steps before it keep nothing.",
)
NEEDLESS = (
    "Does a bias need to know its input in order to learn?",
    "No, needs_input is False there: its gradient is the gradient that arrives.",
)
OF_MEMORY = {
    "everything": (
        "Which activations does nobody ask for?",
        "Those before the first step that learns, and the inputs of steps that do not.",
    ),
    "frozen": (
        "What is the input of a convolution good for when its weights stay?",
        "For nothing: the gradient passes it by the weights alone. Keep the inputs of steps that learn and have needs_input.",
    ),
    "needless": NEEDLESS,
    "before": ("How far back does the gradient run?", "To the first step that learns: a ReLU before it keeps nothing."),
    "learners": BEHIND,
    "twice": (
        "Are there two tensors here, or one with two readers?",
        "What a step gives is what the next one takes: number the tensors, put the numbers into a set.",
    ),
    "one": ("Of how many samples are the activations?", "Of the whole batch: times batch. Weights, gradients and momentum are there once."),
    "numbers": ("In which unit is memory counted?", "In bytes: float32 takes 4 for each number."),
    "states": ("Who has a gradient and a momentum?", "The weights that learn, and no others."),
}

POLICY = ("Which names does this policy let through?", "Split each name at its dots; the docstring says which part decides.")
OF_NAMES = {
    "order": ("In which order do they come?", "In that of names: go through names once, and ask the policies about each."),
    "twice": ("Can a name be in the answer twice?", "No: go through names once."),
    "kind": ("What is asked for?", "A list of names, as they stand in names."),
}

FREE = ("Where does a sample go while there is room?", "Into slot number `seen`, as long as that is a slot: seen counts from 0.")
CHANCE = (
    "With which probability should sample number n be in a buffer of k?",
    "k / n. It is the sample after `seen` others, so n is seen + 1: draw j from seen + 1 numbers; it goes in if j is a slot.",
)
EQUAL = (
    "Who stays too long in your buffer, the old or the new?",
    "All must be equally likely: the newcomer gets in with k / (seen + 1), and then any slot may go.",
)
SLOTS = ("Which slot gives way?", "Any, with equal chance: the j that was drawn is its number.")
AGAIN = ("Where does your chance come from?", "Only from the rng that you are given: with the same one the same samples stay.")
RETURN = ("What does the docstring want back?", "The buffer: return it, with as many slots as before.")

SHARE = ("Whose weights count more?", "Those of who has more samples: each state counts with its size / the sum of the sizes.")
INTEGERS = (
    "What type has a counter after the averaging?",
    "The one that it had: average in float, round to the nearest whole number, then .to(the old dtype).",
)
OF_MEAN = {
    "equal": SHARE,
    "sum": ("Is this a mean?", "Divide by the sum of the sizes."),
    "cut": ("What does .long() do to 2.75?", "It cuts off, as .to() does: round() first."),
    "dtype": INTEGERS,
}

OF_FORGETTING = {
    "last": ("How many tasks can have been forgotten?", "Those before the last: the mean is over T - 1 tasks."),
    "learnt": (
        "When was a task known best?",
        "Not always right after it was learnt: take the best of the stages from then on, but the last.",
    ),
    "first": (
        "When was a task known best?",
        "Not before it was learnt: take the largest of its column from row k on, without the last row.",
    ),
    "sign": ("Is it forgetting when the number is below 0?", "Best minus last: what was lost is positive."),
    "turned": ("What is a row of the matrix, and what a column?", "matrix[t][k]: a row is a stage, a column a task. Go down a column."),
    "now": (
        "Can the last stage be the best one?",
        "Then the difference would never be below 0: the best is taken over the stages before it.",
    ),
    "sum": ("Is this a mean?", "Divide by the number of tasks that counted, T - 1."),
}

LENGTH = ("What is the length of an update of several tensors?", "The root of the sum of all squares, over all tensors together.")
OF_CLIPPING = {
    "pieces": LENGTH,
    "values": ("Does clipping change the direction here?", "No: the whole update is multiplied by one number, min(1, clip / length)."),
}
NOISE = ("How large is the noise?", "Its standard deviation is sigma * clip, for each number of the update, drawn anew.")
