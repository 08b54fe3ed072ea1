"""select_trainable: the names of the parameters that learn."""

from collections.abc import Callable
from functools import partial
from typing import Any

from utils import adapt
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses, short

Names = list[str]


def _block(name: str, innermost: bool = False) -> str:
    """blocks.2 of blocks.2.conv.weight: up to the first (or last) number between two dots; "" without one."""
    parts = name.split(".")
    numbers = [at for at in range(1, len(parts) - 1) if parts[at].isdigit()]
    return ".".join(parts[: numbers[-1 if innermost else 0] + 1]) if numbers else ""


def _blocks(names: Names, innermost: bool = False) -> Names:
    """Those of all names that have one, in their order."""
    return [block for name in names if (block := _block(name, innermost))]


def _is_late(name: str, names: Names, innermost: bool = False) -> bool:
    """Whether a name comes where the last block has begun."""
    blocks = _blocks(names, innermost)
    return bool(blocks) and names.index(name) >= [_block(one, innermost) for one in names].index(blocks[-1])


def _layer(name: str) -> str:
    return name.rpartition(".")[0]


def _inner(name: str) -> str:
    """The part right before weight or bias."""
    return _layer(name).rpartition(".")[2]


RULES: dict[str, Callable[[str, Names], bool]] = {
    "all": lambda name, names: True,
    "last": lambda name, names: _layer(name) == _layer(names[-1]),
    "last_block": _is_late,
    "norm": lambda name, names: _inner(name).rstrip("0123456789") in ("norm", "bn"),
    "bias": lambda name, names: name.split(".")[-1] == "bias",
}


def chosen(names: Names, policy: str, **rules: Callable[[str, Names], bool]) -> Names:
    """One name after the other, by its parts. rules: others for some policies."""
    return [name for name in names if (RULES | rules)[policy](name, names)]


def names_in_order(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (names, policy). A list (or tuple) of the right names, in their order, each once.

    Verdicts are about "kind", "twice" or "order", where it is that.
    """
    wanted = chosen(*inputs)
    expected = short(repr(wanted))
    if type(answer) not in (list, tuple) or not all(type(name) is str for name in answer):
        return Verdict(False, expected, describe(answer), "kind")
    got = list(answer)
    if got == wanted:
        return Verdict(True, expected, expected)
    about = ("order" if len(got) == len(wanted) else "twice") if set(got) == set(wanted) else ""
    return Verdict(False, expected, short(repr(got)), about)


def _by(**rules: Any) -> Callable[..., Names]:
    return lambda names, policy: chosen(names, policy, **rules)


def _of_largest_number(name: str, names: Names) -> bool:
    numbers = [int(_block(one).rpartition(".")[2] or -1) for one in names]
    return names.index(name) >= numbers.index(max(numbers))


_PARTS = ("Is a part of a word enough?", 'It is not: compare whole parts, name.split(".").')
_LAYER = ("What is a layer's name, what the weight's?", 'Take the last part away: "head.weight" and "head.bias" are both of "head".')
_WHOLE = ("How long is the name of the last layer?", "All parts but the last one: out.linear of out.linear.bias.")
_NORM = ("Where may a norm's name stand?", "Right before weight or bias; it is norm or bn, and digits may follow.")
_BLOCK = ("Where does the last block begin?", "At the first name of the block that comes last; all names from there to the end are in.")
_TEN = ("Is blocks.1 the beginning of blocks.11?", "Of its letters, yes: compare whole parts, or with the dot behind the number.")
_FIRST = ("There are two numbers in these names. Which one counts?", "The first: a block ends with it, whatever the block contains.")
_LATER = (
    "Which block comes last, and which has the largest number?",
    "The last block is that of the last name with a number: the order decides.",
)
_ONCE = ("Can a name be in the answer twice?", "It can't: go through names once.")
_IN_ORDER = ("In which order do they come?", "In that of names: go through names once, and ask the policy about each.")
_LIST = ("What is asked for?", "A list of names, as they are in names.")
_AGREE = ("How many names has the last layer?", "All that agree with the last name up to its final dot: a layer without a bias has one.")
_LIKE_BIASES, _LIKE_LAST = "names that look like biases", "names that look like the last"
MISTAKES = (
    Mistake("order", lambda *x: chosen(*x)[::-1], _IN_ORDER),
    Mistake("twice", lambda *x: chosen(*x) * 2, _ONCE),
    Mistake("kind", lambda *x: " ".join(chosen(*x)), _LIST),
    Mistake(
        "by substrings",
        _by(norm=lambda name, _: "norm" in name or "bn" in name, bias=lambda name, _: "bias" in name),
        _PARTS,
        f"{_LIKE_BIASES}; names that look like norms",
    ),
    Mistake("by the end of the word", _by(bias=lambda name, _: name.endswith("bias")), _PARTS, _LIKE_BIASES),
    Mistake("norms by their beginning", _by(norm=lambda name, _: _inner(name).startswith(("norm", "bn"))), _PARTS),
    Mistake("norms without numbers", _by(norm=lambda name, _: _inner(name) in ("norm", "bn")), _NORM, "norms with numbers"),
    Mistake("the last by its beginning", _by(last=lambda name, names: name.startswith(_layer(names[-1]))), _PARTS, _LIKE_LAST),
    Mistake("the last name alone", _by(last=lambda name, names: name == names[-1]), _LAYER, "the last layer; a last layer in a part"),
    Mistake("the last two names", _by(last=lambda name, names: name in names[-2:]), _AGREE, _LIKE_LAST),
    Mistake("the last by its first part", _by(last=lambda name, names: name.split(".")[0] == names[-1].split(".")[0]), _WHOLE),
    Mistake("the block alone", _by(last_block=lambda name, names: _block(name) == _blocks(names)[-1]), _BLOCK),
    Mistake("numbers as letters", _by(last_block=lambda name, names: (_block(name) or "~") >= max(_blocks(names), default="~~")), _TEN),
    Mistake("the largest number", _by(last_block=_of_largest_number), _LATER, "two rows of blocks"),
    Mistake("the innermost block", _by(last_block=partial(_is_late, innermost=True)), _FIRST, "blocks in blocks"),
)


def _words(rng: Rng, count: int) -> list[str]:
    """Different words of four letters."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(str(rng.choice(list(letters))) for letters in ("dfgklm", "aeo", "dfgklm", "aeu"))] = None
    return list(found)


@exercise(adapt.select_trainable, points=2, difficulty=1, minutes=10, judge=names_in_order, mistakes=MISTAKES)
def select_trainable(rng: Rng) -> Cases:
    """select_trainable(names, policy) -> list of names."""
    row, conv, head, out, other, unlike = _words(rng, 6)
    parts = (f"{conv}.weight", "norm.weight", "norm.bias")
    names = [f"{row}.{at}.{part}" for at in range(rng.integers(2, 5)) for part in parts] + [f"{head}.weight", f"{head}.bias"]
    every = ('Which names does "all" leave out?', "None: all names, in their order.")
    yield Case("all", (names, "all"), hints=every)
    yield Case("the last layer", (names, "last"), weight=2, hints=_LAYER)
    rule = ("Which names does this policy let through?", "Split each name at its dots; the docstring says which part decides.")
    yield Case("the norms", (names, "norm"), hints=rule)
    yield Case("the biases", (names, "bias"), hints=rule)
    block = "the last block"
    yield Case(block, (names, "last_block"), hints=_BLOCK)
    many = [f"{row}.{at}.{conv}.weight" for at in range(rng.integers(11, 16))] + [f"{out}.{head}.weight"]
    yield Case("more than ten blocks", (many, "last_block"), hints=_TEN, basis=block)
    outer = [f"{row}.{at}.{other}.{inner}.{conv}.weight" for at in range(2) for inner in range(rng.integers(2, 4))] + [f"{head}.weight"]
    yield Case("blocks in blocks", (outer, "last_block"), hints=_FIRST, basis=block)
    rows = [f"{name}.{at}.{conv}.weight" for name, count in ((row, 4), (other, 2)) for at in range(count)]
    yield Case("two rows of blocks", (rows, "last_block"), hints=_LATER, basis=block)
    digits, deep = rng.integers(1, 30, 2), [f"{conv}1.weight", f"{out}.{conv}2.weight", f"{head}.weight"]
    deep[1:1] = [f"bn{digits[0]}.weight", f"bn{digits[0]}.bias", f"{out}.norm{digits[1]}.weight", f"{out}.norm.bias"]
    yield Case("norms with numbers", (deep, "norm"), hints=_NORM)
    inside = [f"{out}.{conv}.weight", f"{out}.{head}.weight", f"{out}.{head}.bias"]
    yield Case("a last layer in a part", (inside, "last"), hints=_WHOLE)
    alike = [f"un{conv}bias.weight", f"ab{row}norm.weight", f"norm{row}.weight", f"bn{other}.1.weight", "bias.weight", "norm.bias"]
    alike += [f"{out}.in_{other}_bias", f"{row}.{other}bias", f"{unlike}.bias", f"{head}2.weight", f"{head}.weight"]
    alike = [alike[at] for at in rng.permutation(len(alike) - 1)] + alike[-1:]
    for what, policy in (("biases", "bias"), ("norms", "norm"), ("the last", "last")):
        yield Case(f"names that look like {what}", (alike, policy), hints=_PARTS)
    yield refuses("an unknown policy", (names, unlike))
    nothing = ("What would a training without weights learn?", "Nothing, however long it runs: raise ValueError where no name is left.")
    yield refuses("a policy that finds nothing", ([f"{row}.weight", f"{out}.weight"], "norm"), hints=nothing)
    yield refuses("biases where there are none", ([f"{row}.weight", f"{out}.weight"], "bias"), hints=nothing)
    yield refuses("a last block where there is none", ([f"{other}.weight"], "last_block"), hints=nothing)
    yield keeps_inputs(names, "bias", name="leaves the names")
