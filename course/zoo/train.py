"""Train the zoo from its recipes: `start.py train NAME`.

A recipe (zoo/NAME/recipe.toml) holds everything a run depends on. Every seed leaves its figures
in zoo/NAME/seedN.json; the first seed of the recipe is the one that ships, never the best one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

import torch

from course.zoo import beats, exams, keywords, motion_folds, searches
from course.zoo.images import forget_state, train_images
from course.zoo.int8 import convert
from course.zoo.recipe import check_recipe
from utils.files import ZOO, write_atomically
from utils.models.zoo import recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kind:
    """A kind of recipe. check: refuses a recipe with a part that nothing reads. run: (name, recipe, seed, say) -> record.

    summary: a record in a few words.
    """

    check: Callable[[dict], None]
    run: Callable[[str, dict, int, Say], dict]
    summary: Callable[[dict], str] = lambda record: (
        f"validation {record['validation']} %, test {record['test']} %, {record['bytes']:,} bytes"
    )


KINDS = {
    "images": Kind(check_recipe, train_images),
    "motion": Kind(motion_folds.check_recipe, motion_folds.train_folds),
    "beats": Kind(beats.check_recipe, beats.train_beats),
    "exams": Kind(exams.check_recipe, exams.train_exams),
    "keywords": Kind(keywords.check_recipe, keywords.train_keywords),
    "int8": Kind(check_recipe, convert),
    "search": Kind(searches.check_recipe, searches.run_searches, lambda record: f"{record['hours']} hours"),
}
KIND_OF_DATA = {
    **dict.fromkeys(("fashion_mnist", "mnist"), "images"),
    **dict.fromkeys(motion_folds.PARTS, "motion"),
    "ecg5000": "beats",
    **dict.fromkeys(exams.DATA, "exams"),
    "spoken_digits": "keywords",
}


def kind_of(what: dict) -> Kind:
    """The kind of a recipe: a conversion if it has [int8], searches if it has [search], else what its data set is trained by.

    Raises:
        ValueError: a data set that no kind trains on.
    """
    data = what.get("data", "fashion_mnist")
    if data not in KIND_OF_DATA:
        raise ValueError(f"no recipe is trained on {data!r}: use {', '.join(KIND_OF_DATA)}")
    return KINDS[next((part for part in ("int8", "search") if part in what), KIND_OF_DATA[data])]


def train(name: str, seed: int, say: Say = print) -> dict:
    """Run one seed of a recipe (resuming where it stopped) and write its record.

    Returns the record: validation and test accuracy in percent, bytes of the file, hours; of searches, what `run_searches` says.

    Raises:
        FileNotFoundError: no such recipe, or the network that it starts from was not trained yet.
        ValueError: a state was left by another recipe, or the recipe has a part that nothing reads.
    """
    what = recipe(name)
    kind = kind_of(what)
    kind.check(what)
    record = kind.run(name, what, seed, say)
    write_atomically(ZOO / name / f"seed{seed}.json", (json.dumps(record, indent=1) + "\n").encode())
    forget_state(name, seed)
    say(f"{name} seed {seed}: {kind.summary(record)}")
    return record


if __name__ == "__main__":
    import sys

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    train(sys.argv[1], int(sys.argv[2]), lambda text: print(text, flush=True))
