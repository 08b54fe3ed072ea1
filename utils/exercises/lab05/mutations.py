"""Judges of mutated networks: one field differs, and all that can are as likely."""

from collections import Counter
from typing import Any

import numpy as np

from utils.exercises.chances import far
from utils.exercises.kit import Verdict, as_number, describe, difference
from utils.exercises.lab05.networks import Config

Field = tuple[int, str]  # place of the block, name of the field


def others(config: Config) -> dict[Field, list[int]]:
    """The fields that can change, each with its other values."""
    found = {(at, field): _others(config, at, field) for at, block in enumerate(config["blocks"]) for field in block}
    return {field: values for field, values in found.items() if values}


def _others(config: Config, at: int, field: str) -> list[int]:
    return [value for value in config["choices"].get(field, []) if value != config["blocks"][at][field]]


def fault(answer: Any, config: Config) -> tuple[str, str]:
    """What is wrong with a mutated network, and which mistake it is; "" if nothing is."""
    if type(answer) is not dict or type(answer.get("blocks")) not in (list, tuple):
        return describe(answer), "return"
    blocks, given = answer["blocks"], config["blocks"]
    if set(answer) != set(config) or any(difference(answer[key], config[key]) for key in config if key != "blocks"):
        return "something beside the blocks changed", "rest"
    if len(blocks) != len(given) or any(type(new) is not dict or set(new) != set(old) for new, old in zip(blocks, given, strict=True)):
        return "blocks that have other fields", "rest"
    changed = [(at, field) for at, block in enumerate(given) for field in block if difference(blocks[at][field], block[field])]
    if len(changed) != 1:
        return f"{len(changed)} fields changed", "several" if changed else "nothing"
    at, field = changed[0]
    if all(difference(blocks[at][field], value) for value in _others(config, at, field)):
        return f"{field} became {describe(blocks[at][field])}", "outside"
    return "", ""


def _one_field(answer: Any, config: Config) -> Verdict:
    said, about = fault(answer, config)
    expected = "one field with another one of its choices"
    return Verdict(not said, expected, said or expected, about)


def one_field_each(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probes `mutants` and `mutants_of_one`: all of them."""
    count = inputs[1]
    if type(answer) is not list or len(answer) != count:
        return Verdict(False, f"{count} networks", describe(answer), "return")
    return next((verdict for one in answer if not (verdict := _one_field(one, inputs[0])).passed), _one_field(answer[0], inputs[0]))


def equally(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Each field that can change is as likely as another one, and each of its other values."""
    if not (valid := one_field_each(answer, inputs)).passed:
        return valid
    config, count, _ = inputs
    fields = others(config)
    found = Counter(
        (field, as_number(one["blocks"][field[0]][field[1]])) for one in answer for field in fields if _differs(one, config, field)
    )
    share = {field: sum(found[field, value] for value in fields[field]) / count for field in fields}
    at, name = max(fields, key=lambda field: abs(share[field] - 1 / len(fields)))
    expected = f"each of {len(fields)} fields in {100 / len(fields):.0f} % of the draws"
    if far(np.array(list(share.values())), 1 / len(fields), count).any():
        return Verdict(False, expected, f"{name} of block {at} in {100 * share[at, name]:.0f} %", "fields")
    for field, values in fields.items():
        chance = 1 / len(fields) / len(values)
        for value in values:
            if far(found[field, value] / count, chance, count):
                got = f"{field[1]} {value} of block {field[0]} in {100 * found[field, value] / count:.1f} %"
                return Verdict(False, f"each other {field[1]} in {100 * chance:.1f} % of the draws", got, "values")
    return Verdict(True, expected, expected)


def _differs(one: Config, config: Config, field: Field) -> bool:
    return difference(one["blocks"][field[0]][field[1]], config["blocks"][field[0]][field[1]]) is not None
