"""The front against its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.compress.search import pareto_front

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14)


def dominates(one, other):
    return one[0] <= other[0] and one[1] >= other[1] and one != other


@given(POINTS)
def test_the_front_is_what_nothing_dominates(points):
    front = pareto_front(points)
    assert sorted(front) == [at for at, own in enumerate(points) if not any(dominates(one, own) for one in points)]
    assert [points[at][0] for at in front] == sorted(points[at][0] for at in front)


def test_equal_points_are_all_kept():
    assert pareto_front([(2, 5.0), (1, 4.0), (2, 5.0), (2, 4.5)]) == [1, 0, 2]


@pytest.mark.parametrize("points", [[1.0, 2.0], [(1.0, 2.0, 3.0)], [(1.0, float("nan"))]])
def test_what_is_no_pair_of_numbers_is_refused(points):
    with pytest.raises(ValueError, match="pairs"):
        pareto_front(points)
