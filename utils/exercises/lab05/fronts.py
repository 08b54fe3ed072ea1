"""Pareto fronts from the definition, and the convex hull, which is smaller."""

from collections.abc import Callable, Sequence

Point = tuple[float, float]
Points = Sequence[Point]


def dominates(one: Point, other: Point) -> bool:
    """No worse in both, better in one."""
    return one[0] <= other[0] and one[1] >= other[1] and (one[0] < other[0] or one[1] > other[1])


def front_by(beats: Callable[[Point, Point], bool]) -> Callable[[Points], list[int]]:
    """Every point against every other one, by rising cost."""

    def made(points: Points) -> list[int]:
        kept = [at for at, point in enumerate(points) if not any(beats(other, point) for j, other in enumerate(points) if j != at)]
        return sorted(kept, key=lambda at: (points[at][0], at))

    return made


ORACLE = front_by(dominates)


def hull(points: Points) -> list[int]:
    """Only the corners of the convex hull."""
    kept: list[int] = []
    for at in ORACLE(points):
        (x, y) = points[at]
        while len(kept) > 1:
            (x0, y0), (x1, y1) = points[kept[-2]], points[kept[-1]]
            if (y1 - y0) * (x - x0) > (y - y0) * (x1 - x0):
                break
            kept.pop()
        kept.append(at)
    return kept
