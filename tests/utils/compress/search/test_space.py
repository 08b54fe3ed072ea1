"""What is drawn, mutated and crossed stays in the space, and the space says how large it is."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utils.compress.search.drawn import ARCHITECTURES, SPACE
from utils.compress.search import Architecture, Block, Space, Stage, crossover, mutate

SEEDS = st.integers(0, 2**32 - 1)


def choices_of(architecture):
    """All numbers of an architecture but skips, which follow shapes: stem, then each stage."""
    stages = [[(b.width, b.stride, b.kernel, b.kind, b.expansion) for b in stage] for stage in architecture.stages]
    return [(architecture.stem.width, architecture.stem.kernel, architecture.stem.stride), *stages]


@given(ARCHITECTURES, SEEDS)
@settings(max_examples=60)
def test_a_mutation_is_another_architecture_of_the_space(architecture, seed):
    before = asdict(architecture)
    child = mutate(architecture, SPACE, np.random.default_rng(seed))
    assert SPACE.contains(child) and child != architecture and asdict(architecture) == before
    changed = [old != new for old, new in zip(choices_of(architecture), choices_of(child), strict=True)]
    assert sum(changed) <= 1  # the stem or one stage; none if a skip came or went
    assert child == mutate(architecture, SPACE, np.random.default_rng(seed))


@given(ARCHITECTURES, ARCHITECTURES, SEEDS)
@settings(max_examples=60)
def test_a_child_of_two_has_the_stages_of_its_parents(first, second, seed):
    child = crossover(first, second, SPACE, np.random.default_rng(seed))
    assert SPACE.contains(child)
    assert all(own in parents for own, *parents in zip(*map(choices_of, (child, first, second)), strict=True))


def test_mutation_reaches_every_choice():
    """Do a thousand steps from the smallest meet each value of each choice?"""
    rng, architecture = np.random.default_rng(0), SPACE.smallest()
    seen = []
    for _ in range(1000):
        architecture = mutate(architecture, SPACE, rng)
        seen.append(architecture)
    assert {one.stem.width for one in seen} == {4, 8} and {one.stem.stride for one in seen} == {1, 2}
    for at, stage in enumerate(SPACE.stages):
        blocks = [block for one in seen for block in one.stages[at]]
        assert {len(one.stages[at]) for one in seen} == set(stage.depths)
        for name in ("width", "stride", "kernel", "expansion", "kind"):
            assert {getattr(block, name) for block in blocks} >= set(getattr(stage, f"{name}s"))
        assert {block.skip for block in blocks} == {True, False}


def test_the_size_is_the_number_of_different_architectures():
    """Counted by hand: stem, then both widths of the stage with one or two blocks, a skip wherever the shape stays."""
    space = Space((4,), (Stage((4, 8), (1, 2), (1, 2), (3,), (1,)),), stem_kernels=(3,))
    rng = np.random.default_rng(0)
    assert space.size == len({space.draw(rng) for _ in range(600)}) == 3 + 3 * 2 + 2 + 2 * 2


def test_the_smallest_is_in_the_space():
    assert SPACE.contains(SPACE.smallest())
    assert not SPACE.contains(Architecture(Block(5, stride=2, kind="plain"), SPACE.smallest().stages))


def test_a_space_comes_back_from_plain_lists():
    assert Space.from_dict(asdict(SPACE)) == SPACE


def test_a_single_architecture_can_not_be_mutated():
    space = Space((4,), (Stage((8,), (1,), (2,), (3,), (1,)),), stem_kernels=(3,))
    assert space.size == 1
    with pytest.raises(ValueError, match="single architecture"):
        mutate(space.smallest(), space, np.random.default_rng(0))


def test_a_stranger_is_not_mutated():
    stranger = Architecture(Block(64, kind="plain"), ((Block(64),),))
    with pytest.raises(ValueError, match="not one of the space"):
        mutate(stranger, SPACE, np.random.default_rng(0))
    with pytest.raises(ValueError, match="not in the space"):
        crossover(stranger, SPACE.smallest(), SPACE, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ((), "at least one stage"),
        ((Stage((16, 8)),), "widths of stage 0 must be choices in rising order"),
        ((Stage((8,), kernels=()),), "kernels of stage 0"),
        ((Stage((8,), kernels=(4,)),), "must be odd"),
        ((Stage((8,), kinds=("round",)),), "kinds of stage 0"),
    ],
)
def test_a_space_of_impossible_choices_is_refused(stages, said):
    with pytest.raises(ValueError, match=said):
        Space((4,), stages)
