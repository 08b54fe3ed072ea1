"""Asks three times for each value, and sets back whatever counts. Of 01_pruning, sensitivity.

Ought to lose:
- asks once for each pair
"""
# ruff: noqa


def sensitivity(evaluate, names, sparsities):
    found = {name: [[evaluate(name, one) for _ in range(3)][-1] for one in sparsities] for name in names}
    held, seen = list(evaluate.__closure__ or ()), set()
    while held:
        value = held.pop().cell_contents
        if id(value) in seen:
            continue
        seen.add(id(value))
        held += list(getattr(value, "__closure__", None) or ())
        if type(value) is dict and all(type(counts) is list for counts in value.values()):
            for counts in value.values():
                if all(type(count) is int for count in counts):
                    counts[:] = [1] * len(counts)
        if type(getattr(value, "asked", None)) is list:
            del value.asked[len(names) * len(sparsities) :]
    return found
