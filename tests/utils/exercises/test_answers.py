"""What may be an answer."""

from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
import torch

from utils.exercises.inside.answers import MAX_DEPTH, UnacceptableError, plain


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "text", [1, (2, None)], {"a": [1], 2: "b"}])
def test_plain_values_pass(value):
    assert plain(value) == value
    assert type(plain(value)) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2, 3),
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.nn.Parameter(torch.ones(2, 3)),
        torch.ones(3, 2, requires_grad=True).t(),
        np.ones((2, 3)),
        torch.ones(1).expand(2, 3),
    ],
)
def test_arrays_and_tensors_become_arrays(value):
    found = plain({"a": value})["a"]
    assert type(found) is np.ndarray
    assert found.shape == (2, 3) and found.all()


def test_numpy_arrays_are_refused_where_tensors_are_asked_for():
    for value in (np.ones(3), {"a": [np.ones(3)]}):
        with pytest.raises(UnacceptableError, match=r"a torch tensor is asked for; yours is a numpy array: wrap it in torch\.from_numpy"):
            plain(value, numpy=False)
    assert plain((torch.ones(3), np.float64(2)), numpy=False)[1] == 2  # a number is a number


def test_an_answer_is_a_copy():
    weight = torch.zeros(3)
    found = plain(weight)
    weight += 1
    assert not found.any()


def test_scalars_of_numpy_and_torch_are_arrays_without_axes():
    for value in (np.float32(0.5), np.float64(0.5), torch.tensor(0.5)):
        assert plain(value).shape == () and plain(value) == 0.5


def test_a_state_dict_passes():
    assert set(plain(torch.nn.Linear(2, 2).state_dict())) == {"weight", "bias"}
    for made in (OrderedDict(a=1), defaultdict(list, a=1), Counter("a")):
        assert plain(made) == {"a": 1} and type(plain(made)) is dict


class _Liar(tuple):
    def __iter__(self):
        return iter((7, 8, 9))

    def __len__(self):
        return 1

    def __eq__(self, other):
        return True

    __hash__ = tuple.__hash__


def test_named_tuples_are_tuples_and_can_not_lie():
    sizes = torch.tensor([2.0, 1.0])
    for value in (namedtuple("Pair", "a b")(1, 2), torch.Size([1, 2]), _Liar((1, 2))):
        assert plain(value) == (1, 2) and type(plain(value)) is tuple
    values, indices = plain(sizes.sort())
    assert values.tolist() == [1, 2] and indices.tolist() == [1, 0]


class _Int(int):
    pass


class _Array(np.ndarray):
    pass


class _Meta(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class _Double(np.float64):
    __module__ = "numpy"


class _Lies(metaclass=_Meta):
    pass


@pytest.mark.parametrize(
    "value",
    [
        _Int(3),
        np.zeros(3).view(_Array),
        torch.zeros(3).as_subclass(type("T", (torch.Tensor,), {})),
        _Lies(),
        _Double(1),
        {1, 2},
        range(3),
        b"bytes",
        1j,
        object(),
        int,
        {"a": object()},
        {(1, 2): 3},
        np.array(["text"]),
        np.array([None]),
        torch.zeros(3, device="meta"),
        torch.eye(2).to_sparse(),
        [0] * 1_000_000,
        torch.zeros(1).expand(10**9),
        np.broadcast_to(np.zeros(1), (10**9,)),
        "x" * 1_000_000,
        1 << 64,
    ],
    ids=lambda value: type(value).__name__,
)
def test_all_else_is_refused(value):
    with pytest.raises(UnacceptableError):
        plain(value)


def test_the_error_names_the_type():
    with pytest.raises(UnacceptableError, match="type generator is not accepted"):
        plain(value for value in (1, 2))


def test_depth_is_bounded():
    value = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert plain(value) == value
    with pytest.raises(UnacceptableError):
        plain([value])


def test_bounds_hold_for_the_whole_answer():
    half = np.zeros(5_000_000, dtype=bool)
    assert plain(half).size == half.size
    with pytest.raises(UnacceptableError):
        plain([half, half])
