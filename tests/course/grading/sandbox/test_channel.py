"""What goes between the two sides: every value comes back as it was, and whatever else comes is refused in time."""

import contextlib
import fcntl
import json
import os
import socket
import struct
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.grading.sandbox.inside.channel import BrokenFrameError, pack, places, receive, send, unpack
from course.grading.sandbox.receiver import MOST_BLOBS, MOST_HEADER, MOST_QUESTION, Receiver
from course.grading.sandbox.shared_memory import SharedMemory
from utils.exercises.judges import difference

KEYS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=5)
KINDS = [np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float32, np.float64, np.complex64, np.complex128]
ARRAYS = hnp.arrays(st.sampled_from(KINDS), hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=20) | ARRAYS,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def through(value, tensors=False):
    blobs = []
    packed = json.loads(json.dumps(pack(value, blobs)))
    return unpack(packed, blobs, tensors)


def kinds(value):
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [kinds(item) for item in value]
    return (value.dtype, value.shape) if isinstance(value, np.ndarray) else type(value)


@given(PLAIN)
def test_a_plain_value_comes_back_as_it_was(value):
    back = through(value)
    assert difference(back, value) is None
    assert kinds(back) == kinds(value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), -0.0, 5e-324, 1e308])
def test_numbers_keep_every_bit(value):
    assert struct.pack("<d", through(value)) == struct.pack("<d", value)
    assert np.isnan(through(float("nan")))


TENSORS = [
    torch.arange(6).view(2, 3),
    torch.arange(6.0).view(2, 3).t(),
    torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last),
    torch.tensor(3.5),
    torch.zeros(0, 4),
    torch.ones(3, dtype=torch.bfloat16),
    torch.tensor([True, False]),
    torch.ones(2, dtype=torch.complex64),
    torch.ones(1).expand(4),
    torch.arange(4.0).requires_grad_(),
]


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda one: f"{one.dtype}-{tuple(one.shape)}")
def test_an_input_keeps_its_dtype_its_strides_and_whether_it_wants_a_gradient(tensor):
    back = through({"x": [tensor]}, tensors=True)["x"][0]
    assert type(back) is torch.Tensor and back.dtype == tensor.dtype and back.requires_grad == tensor.requires_grad
    assert torch.equal(back, tensor)
    assert 0 in tensor.stride() or back.stride() == tensor.stride()
    back.detach().zero_()  # it is memory of its own, and may be written to


def test_a_numpy_scalar_stays_one():
    assert type(through(np.float32(0.5), tensors=True)) is np.float32


def test_an_answer_holds_no_tensors():
    blobs = []
    with pytest.raises(BrokenFrameError):
        unpack(pack(torch.ones(2), blobs), blobs)


@pytest.mark.parametrize("value", [object(), {1, 2}, range(3), b"bytes", np.array(["text"]), np.array([None])])
def test_other_things_cannot_be_sent(value):
    with pytest.raises(TypeError):
        pack(value, [])


FORGED = [
    {},
    {"float": "x"},
    {"float": 3},
    [],
    1.5,
    {"list": 3},
    {"tuple": None},
    {"dict": [[1]]},
    {"dict": [[{"list": []}, 1]]},
    {"array": "|O", "shape": [1], "blob": 0},
    {"array": "<f4", "shape": [3], "blob": 0},
    {"array": "<f4", "shape": [-1], "blob": 0},
    {"array": "<f4", "shape": [1], "blob": 9},
    {"array": "<f4", "shape": [True], "blob": 0},
    {"array": "<f4", "shape": [1] * 40, "blob": 0},
    {"array": ["<f4"], "shape": [1], "blob": 0},
    {"array": "<f4"},
    {"array": "<f4", "shape": [1], "blob": -1},
    {"list": [{"array": "<f4", "shape": [1], "blob": 0}] * 2},
    {"scalar": "<f4", "shape": [], "blob": 0},
    {"tensor": "float32", "shape": [1], "stride": [1], "grad": False, "blob": 0},
    {"tensor": "load", "shape": [1], "stride": [1], "grad": False, "blob": 0},
]


@pytest.mark.parametrize("value", FORGED, ids=str)
def test_what_is_no_value_is_refused(value):
    with pytest.raises(BrokenFrameError):
        unpack(value, [b"\0\0\0\0"])


def test_a_value_that_is_nested_too_deep_is_refused():
    value = {"list": []}
    for _ in range(50):
        value = {"list": [value]}
    with pytest.raises(BrokenFrameError):
        unpack(value, [])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=6), inner)
    )
)
def test_any_json_is_a_value_or_is_refused(value):
    with contextlib.suppress(BrokenFrameError):
        unpack(value, [b"\0\0\0\0"])


@pytest.fixture
def ends():
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def test_frames_arrive_one_by_one(ends):
    send(ends[0], {"kind": "a"}, [b"12", b""])
    send(ends[0], {"kind": "b"})
    frames = Receiver(ends[1])
    assert not frames.silent()
    assert frames.frame(5) == ({"kind": "a", "blobs": [2, 0]}, [b"12", b""])
    assert not frames.silent()
    assert frames.frame(5)[0]["kind"] == "b"
    assert frames.silent()
    send(ends[1], {"kind": "c"}, [b"3"])
    assert receive(ends[0]) == ({"kind": "c", "blobs": [1]}, [b"3"])


def test_shared_memory_is_written_by_the_one_and_read_by_the_other(ends):
    """Views of every blob, writable, at places that suit any number; and frames of the usual kind before and after."""
    blobs = [b"abc", b"", struct.pack("<2d", 1, 2)]
    send(ends[0], {"kind": "a"}, [b"12"])
    with SharedMemory(blobs) as memory:
        send(ends[0], {"kind": "b", "shared": memory.sizes}, memory=memory.fd)
        send(ends[0], {"kind": "c"})
        assert receive(ends[1])[1] == [b"12"]
        head, views = receive(ends[1])
        assert head["kind"] == "b" and [bytes(view) for view in views] == blobs and memory.changed() is None
        np.frombuffer(views[2])[1] = 7
        assert memory.changed() == [b"abc", b"", struct.pack("<2d", 1, 7)]
        assert receive(ends[1])[0]["kind"] == "c"
    views[0][0] = 65  # the map lives on, for whoever has it


def test_blobs_lie_where_any_number_may_begin():
    assert places([3, 0, 16, 64, 65]) == ([0, 64, 64, 128, 192], 320)
    assert places([]) == ([], 0)


def test_shared_memory_keeps_its_length_and_its_seals():
    with SharedMemory([bytes(5000)]) as memory:
        for attempt in (lambda: os.ftruncate(memory.fd, 0), lambda: os.ftruncate(memory.fd, 1 << 20)):
            with pytest.raises(PermissionError):
                attempt()
        with pytest.raises(PermissionError):
            fcntl.fcntl(memory.fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        assert memory.changed() is None
    with pytest.raises(OSError):
        os.fstat(memory.fd)


def test_a_frame_that_is_larger_than_the_socket_takes_arrives_whole_with_its_memory(ends):
    text = "x" * 3_000_000
    with SharedMemory([b"held"]) as memory:
        reader = threading.Thread(target=lambda: found.append(receive(ends[1])))
        found = []
        reader.start()
        send(ends[0], {"kind": "b", "text": text, "shared": memory.sizes}, memory=memory.fd)
        reader.join(20)
    assert found[0][0]["text"] == text and bytes(found[0][1][0]) == b"held"


def test_the_watch_goes_on_while_frames_come(ends):
    """Whoever sends a frame now and then is watched as well."""
    watched = []
    frames = Receiver(ends[1], lambda: watched.append(1))
    deadline = frames.deadline(5)
    for _ in range(3):
        deadline.watched -= 1
        send(ends[0], {"kind": "a"})
        frames.frame(deadline)
    assert len(watched) == 3


def test_one_deadline_serves_several_frames(ends):
    """Whoever sends again and again does not get longer by that."""
    frames = Receiver(ends[1])
    deadline = frames.deadline(0.3)
    for _ in range(3):
        send(ends[0], {"kind": "a"})
        frames.frame(deadline)
    deadline.at = 0
    with pytest.raises(TimeoutError):
        frames.frame(deadline)


def framed(text):
    return struct.pack("<I", len(text)) + text


BROKEN = [
    struct.pack("<I", MOST_HEADER + 1),
    framed(b"no json"),
    framed(b"\xff\xfe"),
    framed(b"[" * 100_000),
    framed(b'{"blobs": []}'),
    framed(b'{"kind": 3, "blobs": []}'),
    framed(b'{"kind": "a"}'),
    framed(b'{"kind": "a", "blobs": [-1]}'),
    framed(b'{"kind": "a", "blobs": [true]}'),
    framed(b'{"kind": "a", "blobs": [1.0]}'),
    framed(b'{"kind": "a", "blobs": [' + b"9" * 5000 + b"]}"),
    framed(json.dumps({"kind": "a", "blobs": [MOST_BLOBS + 1]}).encode()),
    framed(json.dumps({"kind": "ask", "blobs": [1]}).encode()),
    framed(json.dumps({"kind": "ask", "question": "a" * MOST_QUESTION, "blobs": []}).encode()),
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:40]))
def test_what_is_no_frame_is_refused_before_it_is_read(data, ends):
    ends[0].sendall(data)
    with pytest.raises(BrokenFrameError):
        Receiver(ends[1]).frame(5)


def test_waiting_ends(ends):
    """Also while a frame comes in drops; a process that computes gets longer, but not for ever."""
    ends[0].sendall(struct.pack("<I", 1000) + b" ")
    with pytest.raises(TimeoutError):
        Receiver(ends[1]).frame(0.05)
    asked = []
    with pytest.raises(TimeoutError):
        Receiver(ends[1], busy=lambda: asked.append(1) or True).frame(0.01)
    assert len(asked) == 9


def test_the_watch_can_end_the_waiting(ends):
    def watch():
        raise MemoryError

    with pytest.raises(MemoryError):
        Receiver(ends[1], watch).frame(5)


def test_a_process_that_ends_is_noticed(ends):
    threading.Timer(0.05, ends[0].close).start()
    with pytest.raises(EOFError):
        Receiver(ends[1]).frame(5)
