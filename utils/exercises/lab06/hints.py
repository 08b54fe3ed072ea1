"""What lab 06 says to those who fail a case: a nudge, then the likely mistake.

OF_...: hints for the mistakes that a judge recognises, by what its verdict is about (`mistakes.py`, `judges.py`).
"""

from __future__ import annotations

CHANGED = (
    "Print what you were given before and after.",
    "Methods that end in _ change a tensor, sort() and pop() a list or a dict: work on a copy.",
)
REFUSE = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")

STEPS = (
    "Compare one pixel by hand: which of the steps is missing?",
    "permute to (n, c, h, w); float; divide by 255; take off the mean; divide by std.",
)
CHANNELS = (
    "Which axis do mean and std belong to?",
    "The channels, axis 1 after permute: give both the shape (c, 1, 1), or they are laid along the columns.",
)
BYTES = (
    "What is 255 in the photo, and what is the mean in?",
    "The mean is one of brightness from 0 to 1: divide the photo by 255, once.",
)
AXES = ("How many axes has one photo, and how many a grey one?", "Four, like many and in colour: squeeze() takes those of length 1 away.")
OF_PHOTOS = {
    "squeezed": AXES,
    "bytes": BYTES,
    "twice": ("How bright is white after your division?", "1 / 255: the photo is divided by 255 twice."),
    "plain": ("What has the network seen in training?", "Numbers around 0: take off the mean and divide by std."),
    "std": STEPS,
    "before": ("In which order are mean and std used?", "First take off the mean, then divide by std."),
    "reshaped": (
        "Draw the first row of your picture: is it one?",
        "reshape and view only cut the same numbers anew; permute moves the axes.",
    ),
    "turned": ("Is the picture upright?", "Rows stay before columns: permute(0, 3, 1, 2)."),
    "unmoved": ("Where are the channels?", "Last, as the camera gives them; a network wants them after n: permute(0, 3, 1, 2)."),
    "columns": CHANNELS,
    "256": ("How bright is white, 255?", "1: divide by 255, not by 256."),
    "dtype": ("Which dtype does the file want?", "float32: a float64 tensor, as numpy makes it, is refused by the runtime."),
    "strides": (
        "permute moves no number: it only says how to walk.",
        "Call contiguous(): a browser or a C program reads the memory as it lies.",
    ),
}

TURNS = (
    "Write down who runs when, for three contestants and two rounds.",
    "a b c (warm-up, not kept), then a b c, then b c a: start round r with contestant r modulo n.",
)
OF_TURNS = {
    "tensors": ("What stands in the dict for each name?", "A tensor of its times, one for each round, in milliseconds."),
    "clock": (
        "Whose time did you measure?",
        "Your computer's: a contestant here moves only the clock that was given. Call clock(), and time.perf_counter() if it is None.",
    ),
    "seconds": ("In which unit does the clock tick?", "In seconds: times 1000 for milliseconds."),
    "micro": ("In which unit does the clock tick?", "In seconds: times 1000 for milliseconds."),
    "warm": ("What does a first call do that later ones need not?", "It fills caches: call each contestant once before the rounds."),
    "counted": ("Are the calls before the rounds kept?", "No: rounds samples of each, the warm-up is not among them."),
    "blocks": (
        "What if the machine becomes slower in the second half?",
        "All of one, then all of the other: it hits one alone. Loop over the rounds outside, over the contestants inside.",
    ),
    "own blocks": (
        "What if the machine becomes slower in the second half?",
        "All of one, then all of the other: it hits one alone. Loop over the rounds outside, over the contestants inside.",
    ),
    "fixed": ("Who runs first in the second round?", "The second contestant: round r begins with contestant r modulo n."),
    "backwards": ("Who runs first in the second round?", "The second contestant, not the last: names[r:] + names[:r], r modulo n."),
}
PRECISE = (
    "How many digits has a clock that has run for two weeks, and how many does float32 hold?",
    "float32 holds seven: subtract in Python's numbers first, and make a tensor of the differences.",
)

ORDER = (
    "Sort the ratios: which of them are low and high?",
    "The k-th from below and the k-th from above, counted from 1: sorted[k - 1] and sorted[-k].",
)
MIDDLE = (
    "What is the median of an even number of values?",
    "Half-way between the two in the middle; torch.median takes the lower one.",
)
OF_RATIOS = {
    "inverse": ("Which time is divided by which?", "a by b: above 1, b is the faster one."),
    "medians": (
        "What do the two times of one round have in common?",
        "The state of the machine: divide round by round first, then take the median of the ratios.",
    ),
    "mean": ("What does one pause of half a second do to a mean?", "It ruins it: the ratio is the median of the ratios."),
    "lower": MIDDLE,
    "wide": ORDER,
    "narrow": ORDER,
    "one side": ("How much may lie outside on each side?", "Half of 5 %: 2.5 % below and 2.5 % above."),
    "percentiles": (
        "Is this about the ratios, or about their median?",
        "Where 95 % of the ratios lie says how they scatter; the median of 1,000 is known far better than that.",
    ),
}
HUGE = (
    "What is 0.5 ** 2000?",
    "0.0 in Python's floats: add up math.comb(n, i) as whole numbers, and compare 40 times the sum with 2 ** n.",
)
LARGE = (
    "How large is 2 ** 2000?",
    "Larger than any float, so 0.025 * 2 ** n fails: stay with whole numbers, and compare 40 times the sum with 2 ** n.",
)

PLACE = (
    "Draw it: steps to the right, bytes upwards, a box for each tensor.",
    "Sort by size, largest first. For each box try 0 and the ends of those placed already, from low to high; take the first that is free.",
)
OF_PLANS = {
    "names": ("What is asked for?", "A dict: the name of every tensor -> its offset."),
    "whole": ("What is an offset?", "A whole number of bytes from the start of the arena, 0 or more."),
    "overlap": (
        "When are two tensors alive at once?",
        "If neither ends before the other begins; first and last are both included, so last 2 and first 2 meet.",
    ),
    "peak": (
        "Which tensor is the hardest to place later?",
        "The largest: place it first. And look for the lowest offset, between those placed too, not only above them.",
    ),
}
NOTHING = ("What is the plan of no tensors?", "An empty dict: mind max() of nothing.")

DRAW = (
    "From where are the images taken?",
    "From the whole set, by lot: torch.randperm(len(images), generator=...)[:count].",
)
OF_BATCHES = {
    "sizes": (
        "How many images are left for the last batch?",
        "count, cut into pieces of batch_size; the last one may be smaller, no image is lost.",
    ),
    "twice": ("Can an image be drawn again?", "It should not: randperm draws without putting back, randint does not."),
    "first": ("Which images do you take?", "Neighbours in the set, perhaps all of one class: draw them by lot."),
    "always": ("What does the seed change?", "The draw: torch.Generator().manual_seed(seed)."),
    "again": ("Which generator do you draw from?", "One of your own, made new with the seed at each call."),
}
OWN = (
    "Who else draws from torch's generator?",
    "Everybody: torch.manual_seed would change their numbers. Give randperm a torch.Generator() of its own.",
)

APART = (
    "Write the two lists side by side: where are they farthest apart?",
    "The magnitude of the difference, then the largest of all.",
)
OF_DIFFERENCE: dict[str, tuple[str, str]] = {
    "sign": ("Which of the two is larger?", "Either may be: take the magnitude of the difference."),
    "mean": ("Do many small differences hide a large one?", "In a mean they do: take the largest."),
}
WRAP = ("What is 3 - 250 in uint8?", "9: leave the small dtype before you subtract, with double().")
NAN = (
    "Is NaN larger than a tolerance?",
    "No comparison with NaN is true, so a check would pass: return float('inf') if there is one on either side.",
)
INFINITE = ("What is infinity minus infinity?", "NaN, though the two are equal: look for equal values first.")
EMPTY = ("What is the largest of nothing?", "torch raises: return 0.0 where there are no numbers.")
