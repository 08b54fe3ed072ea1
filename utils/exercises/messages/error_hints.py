"""Hints chosen by the text of an error: what numpy, torch and Python say, and what usually mends it.

An exercise's own hint about an error counts more, unless it is the same for all of the exercise's cases.
"""

from __future__ import annotations

import re

Hints = tuple[str, ...]

# C++'s names of dtypes -> torch's
_NAMES = {
    "signed char": "int8",
    "unsigned char": "uint8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "c10::Half": "float16",
    "Char": "int8",
    "Byte": "uint8",
    "Short": "int16",
    "Int": "int32",
    "Long": "int64",
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
}

_AXES = (
    "{0} numbers meet an axis of length {1}. Which axis do they belong to?",
    "Shapes are aligned from the last axis: a vector v belongs to the last one, v[:, None] to the one before, v[:, None, None] "
    "to the one before that.",
)
_ONE = (
    "This line takes one number and gets several.",
    "Work on the whole tensor: float(), int(), item() and round() are for a single number.",
)
_EMPTY = (
    "There is nothing here to take the largest or smallest of.",
    "Ask for the empty case first, or use an operation that accepts no numbers.",
)
_DTYPES = ("Two dtypes meet in this line: {0} and {1}.", "Convert one of them first, with .to(...) or .float().")
_TUPLE = (
    "Is this the tensor, or a tuple that holds it?",
    "A function may return a tuple even for one tensor: (mask,) = ctx.saved_tensors takes the tensor out.",
)
_AXIS = (
    "You ask for entry {0} of axis {1}, which has {2} entries.",
    "Is it the right axis? x[i] takes from axis 0, x[:, i] from axis 1; the last entry has the index size - 1.",
)
_UNPACK = ("How many values come here, and how many names are there for them?", "A dict gives its keys alone: d.items() gives pairs.")
_UNSAVED = ("What did forward keep for backward?", "Nothing: forward calls ctx.save_for_backward(mask), backward takes it out.")
_INTEGERS = ("Which number in this line is a float?", "Counts, sizes and slices need integers: round() gives one, and so does //.")
_INDEX = (
    "Which is the last valid index here?",
    "A length of n has the indices 0 to n - 1. Look at the first and the last round of the loop.",
)
_ARGUMENTS = ("How many arguments does the call in the docstring have?", "Keep the function's first line as it was given.")
_NOTHING = (
    "Which name in this line is None?",
    "A function without a return gives None, and so do methods such as list.append and list.sort.",
)
_STRIDES = ("This tensor has gaps in memory: view can't cut it.", "Use reshape, or call contiguous() first.")
_COUNT = ("How many numbers are there, and how many does the new shape hold?", "Both counts must agree: -1 lets torch compute one axis.")

# What the text of an error says -> a nudge and the likely mistake; {0}, {1}, {2}: the groups of the expression.
_BY_TEXT: tuple[tuple[str, Hints], ...] = (
    (r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", _AXES),
    (
        r"operands could not be broadcast together with shapes (\([\d, ]*\)) (\([\d, ]*\))",
        ("The shapes {0} and {1} meet here. Which axes belong together?", _AXES[1]),
    ),
    (
        r"shapes cannot be multiplied \((\w+) and (\w+)\)|size mismatch, got input|mismatch in its core dimension",
        (
            "Which axis is summed over in this product?",
            "The last axis of the first factor and the first axis of the second: transpose one.",
        ),
    ),
    (r"to have the same dtype, but got: ([\w:]+(?: char)?) != ([\w:]+(?: char)?)", _DTYPES),
    (r"expected scalar type (\w+) but found (\w+)", _DTYPES),
    (r"must have the same dtype, but got (\w+), (\w+)", _DTYPES),
    (
        r"(?:max|min)\(\) received an invalid combination.*got \((?:list|tuple|Tensor, (?:list|tuple))",
        ("max and min take one axis.", "amax and amin take several: x.amax((1, 2))."),
    ),
    (r"index (-?\d+) is out of bounds for (?:dimension|axis) (\d+) with size (\d+)", _AXIS),
    (
        r"^IndexError: tuple index out of range",
        ("How many axes has this tensor?", "shape has one number for each axis. flatten() and view(x.shape) work for any number of axes."),
    ),
    (
        r"slice indices must be integers|cannot be interpreted as an integer|must be int(?:eger)?s?,? not float|indices must be integers",
        _INTEGERS,
    ),
    (
        r"stack expects each tensor to be equal size|all input arrays must have the same shape",
        ("Are these tensors of one shape?", "stack needs equal shapes: leave out a shorter piece, or join with torch.cat."),
    ),
    (r"values to unpack", _UNPACK),
    (r"unsupported operand type\(s\) for \^", ("What does ^ do in Python?", "It compares bits, and is not a power: write x ** 3.")),
    (
        r"^an answer of type (\w*(?:Error|Exception)) is not accepted",
        ("{0} is returned here, like any value.", "Write raise {0}(...) instead of return {0}(...)."),
    ),
    (
        r"result type (\w+) can't be cast to the desired output type (\w+)",
        (
            "An operation in place keeps the dtype: {0} does not fit into {1}.",
            "Convert the tensor first, or write the result to a new one.",
        ),
    ),
    (
        r"Input dtype must be either a floating point",
        ("What is the dtype of this tensor? It has no mean of integers.", "Convert first: .float() or .double()."),
    ),
    (
        r"cannot be converted to Scalar|only one element tensors|only length-1 arrays|only 0-dimensional arrays|"
        r"doesn't define __round__",
        _ONE,
    ),
    (
        r"truth value of an array|Boolean value of Tensor",
        (
            "if, and, or, not and a < b < c want one yes or no; here every number has its own.",
            "Number by number: & and | between brackets, torch.where or a mask. For one answer: any(), all(), or `is None`.",
        ),
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad|leaf Variable that requires grad",
        ("A layer's weight is a parameter: autograd records what happens to it.", "Call detach() first, and clone() before you change it."),
    ),
    (r"arg is an empty sequence|input.numel\(\) == 0|zero-size array to reduction|to have non-zero size|non-empty", _EMPTY),
    (r"view size is not compatible", _STRIDES),
    (r"is invalid for input of size|cannot reshape array of size", _COUNT),
    (
        r"too large to convert to float|Result too large",
        ("How large does this number become?", "An int has no limit and a float has: stay with integers to the end."),
    ),
    (
        r"out of bounds for (u?int\d+)|cannot be converted to type (u?int\d+)",
        ("Does this number fit into the dtype?", "Clamp first, then convert, or compute in a larger dtype."),
    ),
    (
        r"^it did not end within",
        ("Which loop does not end for this input?", "Go through it by hand: does its condition ever become false?"),
    ),
    (
        r"^an answer of type (\w+) is not accepted",
        (
            "The answer is a {0}. What does the docstring ask for?",
            "list(...) makes a list of a set; of a function, return what it returns.",
        ),
    ),
    (
        r"unsupported operand type\(s\) for .*'list'",
        ("A list does not take part in arithmetic.", "torch.tensor(...) makes a tensor of it."),
    ),
    (r"^ZeroDivisionError", ("Which divisor is 0 here?", "Look at this case before you divide.")),
    (r"'NoneType'", _NOTHING),
    (r"^TypeError.*positional argument", _ARGUMENTS),
    (
        r"^RecursionError",
        ("Which call ends the recursion?", "Return before the function calls itself again, or use a loop."),
    ),
    (
        r"^(?:NameError|UnboundLocalError): .*'(\w+)'",
        ("Where does {0} get its value?", "A typing error, an assignment that was not reached, or a cell above that has not been run."),
    ),
    (
        r"^KeyError: tensor\(",
        (
            "The keys of this dict are numbers. What is the key that you ask for?",
            "A loop over a tensor gives tensors: tolist() gives numbers.",
        ),
    ),
    (r"^KeyError: (\S+)", ("There is no key {0}. Which keys are there?", "Print list(...) of the dict, and compare with the docstring.")),
    (
        r"has no attribute '(astype|to|numpy|float|abs|clamp|permute|copy|clone)'",
        (
            "Is this a tensor or a numpy array?",
            "torch.from_numpy makes a tensor of an array, .numpy() an array of a tensor; .to() is astype().",
        ),
    ),
    (
        r"^AttributeError: '(\w+)' object has no attribute '(\w+)'",
        ("This is a {0}. What did you expect it to be?", "Print type(...) of it."),
    ),
    (r"^IndexError", _INDEX),
    (
        r"must be Tensor, not (\w+)|got \((float|int|list)",
        (
            "torch's functions take tensors, and this is something else.",
            "torch.tensor(...) makes one; for a single number use Python's own min, max and round.",
        ),
    ),
)


def error_hints(said: str, of_a_class: bool = False) -> Hints:
    """Hints for an error, by what it says: "IndexError: list index out of range  (line 3: x[n])"; () for one that nothing is known of.

    of_a_class: whether the exercise is a class with a backward pass, whose saved tensors come as a tuple.
    """
    if of_a_class and re.match(r"(TypeError|AttributeError).*(tuple|converted to an index)", said):
        return _TUPLE
    if of_a_class and "not enough values to unpack (expected 1, got 0)" in said:
        return _UNSAVED
    for pattern, hints in _BY_TEXT:
        if found := re.search(pattern, said):
            groups = [_NAMES.get(group, group) if hints is _DTYPES else group for group in found.groups() if group]
            return tuple(_filled(hint, groups) for hint in hints)
    return ()


def _filled(hint: str, groups: list[str]) -> str:
    for at, group in enumerate(groups):
        hint = hint.replace(f"{{{at}}}", group)
    return hint
