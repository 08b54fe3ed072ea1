"""What lab 03 says to those who fail a case: a nudge, then the likely mistake.

OF_...: hints for the mistakes that a judge recognises, by what its verdict is about (`mistakes.py`, `judges.py`).
"""

from __future__ import annotations

CHANGED = (
    "Print the tensors before and after.",
    "Methods that end in _ (div_, sub_) and operators like /= change a tensor, and what shares its memory: detach(), view().",
)
FLOW = (
    "Training needs to go back from the loss to the student: what cuts the way?",
    "Return the tensor itself: item(), float(), numpy() and torch.no_grad() forget how it was computed.",
)
DETACH = (
    "Who is to learn here, and who is to stay as it is?",
    "The teacher's tensor may want a gradient: take teacher.detach() and compute with that.",
)
REFUSE = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")

DIRECTION = (
    "From which side is the divergence taken?",
    "The sum over the classes of p * (log p - log q), p the teacher's probability, q the student's.",
)
WHOLE = ("How many labels are there?", "One for each image; keep says which of them count.")
LENGTH = ("What is the length of a map?", "The root of its sum of squares, for each image by itself.")
MAP = ("What is the shape of your answer?", "(n, h * w): flatten rows and columns, keep the images.")
OF_KD = {
    "squared": (
        "What becomes of the gradient when all logits are divided by T?",
        "It shrinks with T squared: multiply by temperature**2.",
    ),
    "mean": ("Over what is the mean taken?", 'Over the images alone: F.kl_div divides by n * classes unless reduction="batchmean".'),
    "sum": ("Does a larger batch cost more?", "Divide by the number of images, as the cross entropy does."),
    "entropy": (
        "What should equal logits cost?",
        "Nothing: a cross entropy with the teacher's answers keeps the teacher's own entropy.",
    ),
    "direction": DIRECTION,
    "swapped": ("Which part has the weight alpha?", "alpha is the teacher's share, 1 - alpha the labels'."),
    "hard": ("At which temperature do the labels speak?", "At 1: the cross entropy takes the logits as they are."),
    "weighted": ("What is the labels' share?", "1 - alpha: the two shares add up to 1."),
}

OF_LABELS = {
    "labels": ("What is the label of an image?", "The index of its largest logit, a whole number: argmax along axis 1."),
    "whole": WHOLE,
    "swapped": ("In which order are the two returned?", "First the labels, then keep."),
}

PROJECT = ("Whose features go through the projector?", "The student's: it gives them the teacher's shape, so that the two can be compared.")
OF_FEATURES = {
    "sum": ("Does a wider layer cost more?", "Take the mean over all numbers, not their sum, nor the sum for each image."),
    "root": ("Is there a root in the docstring?", "No: the mean of the squares is the answer."),
    "magnitude": ("Are these squares?", "Mean squared error: square the differences, don't take their magnitudes."),
}

OF_RELATIONS = {
    "scale": ("What if one network's space is ten times larger?", "Divide its distances by their mean, each network's by its own."),
    "squares": ("Are these distances, or their squares?", "The Euclidean distance has a root."),
    "diagonal": ("How far is an image from itself?", "Pairs of two images count: the zeros of the diagonal belong in neither mean."),
    "twice": ("What is Huber's loss below delta?", "Half of the square."),
    "largest": ("By what are the distances divided?", "By their mean, not by the largest."),
}

FLOOR = (
    "All distances of one network are 0 here. What are yours, after the division?",
    "1: a small number under the root makes them equal and above 0. torch.pdist leaves a 0 as it is, with a finite slope.",
)

OF_ATTENTION = {
    "raw": LENGTH,
    "sum": LENGTH,
    "batch": LENGTH,
    "shape": MAP,
}

OF_AGREEMENT = {
    "percent": ("Between which numbers does a share lie?", "Between 0 and 1: no factor of 100."),
    "count": ("Is this a share?", "Divide by the number of images."),
}
