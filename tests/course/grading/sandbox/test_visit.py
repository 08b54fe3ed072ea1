"""The trusted side of a visit, its other end played here: what is sent ahead, what never comes, and what becomes of the process."""

import json
import socket
import struct
import threading

import numpy as np
import pytest

from course.grading.sandbox.dialogue import Talk
from course.grading.sandbox.inside.channel import BrokenFrameError, receive
from course.grading.sandbox.jobs import DIED, SLEPT, TOO_LONG, Answered, Call, Ended, Job, Limits, explained
from course.grading.sandbox.receiver import Receiver, header
from course.grading.sandbox.visit import Visit
from utils.exercises.refusals import is_refusal

JOB = Job((), "f", "01", ())
LOADED = [{"kind": "confined"}, {"kind": "loaded", "errors": [], "found": True}]
QUESTION, ANSWER = {"kind": "ask", "question": {"tuple": ["a"]}}, {"kind": "answer", "value": 3}


def framed(*heads):
    """All at once, so that nothing of it comes late."""
    texts = [json.dumps({"blobs": [], **head}).encode() for head in heads]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def told(ends, ahead, to_the_call=(), **call):
    """The replies to one call, where the other end has sent something ahead and answers the call with frames."""
    ours, theirs = ends
    theirs.sendall(framed(*ahead))

    def play():
        receive(theirs)
        receive(theirs)
        theirs.sendall(framed(*to_the_call))

    if to_the_call:
        threading.Thread(target=play, daemon=True).start()
    return Talk(ours, lambda: None, lambda: False, Limits(wall_s=5 if to_the_call else 1)).about(JOB, [Call((), **call)])[1]


def test_an_answer_to_the_call_is_taken(ends):
    assert told(ends, LOADED, [ANSWER]) == [Answered(3)]


@pytest.mark.parametrize(
    ("ahead", "to_the_call", "call"),
    [
        ([*LOADED, ANSWER], [], {}),
        (LOADED, [ANSWER, ANSWER], {}),
        (LOADED, [QUESTION, ANSWER], {"outside": lambda: lambda name: 1}),
    ],
    ids=["before the call", "after the answer", "before its question is answered"],
)
def test_what_is_said_before_it_is_asked_for_is_forged(ahead, to_the_call, call, ends):
    last = told(ends, ahead, to_the_call, **call)[-1]
    assert last == Ended("it wrote to the grader's own channel: something that was not asked for", forged=True, certain=True)


def test_a_process_that_does_not_read_is_not_waited_for_without_end(ends):
    ours, theirs = ends
    theirs.sendall(framed(*LOADED))
    talk = Talk(ours, lambda: None, lambda: False, Limits(wall_s=0.5))
    other_end = threading.Timer(10, theirs.close)  # so that this test ends
    other_end.start()
    assert talk.about(JOB, [Call((np.zeros(4_000_000),))])[1] == [Ended(SLEPT, certain=True)]
    other_end.cancel()


def test_a_process_that_computes_gets_ten_times_as_long_and_no_more(ends):
    deadline, put_off = Receiver(ends[0], busy=lambda: True).deadline(1), 0
    while put_off < 20 and not deadline.over(deadline.at):
        put_off += 1
    assert put_off == 9


def test_an_end_with_something_unread_is_an_end(ends):
    ends[0].sendall(b"a call")
    ends[1].close()
    with pytest.raises(EOFError):
        Receiver(ends[0]).frame(5)


def test_a_frame_of_very_many_parts_is_refused():
    assert len(header(json.dumps({"kind": "a", "blobs": [0] * 100_000}).encode())[1]) == 100_000
    with pytest.raises(BrokenFrameError, match="more bytes than an answer may have"):
        header(json.dumps({"kind": "a", "blobs": [0] * 100_001}).encode())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, Ended(DIED, certain=True)),
        (7, Ended(DIED, certain=True)),
        (128 + 24, Ended(TOO_LONG, certain=True)),
        (128 + 9, Ended("its process was killed")),
        (128 + 11, Ended(DIED)),
        (None, Ended(DIED)),
    ],
)
def test_an_exit_status_says_how_it_ended(code, expected):
    assert explained(Ended(DIED), code) == expected
    assert explained(Ended(SLEPT, certain=True), code) == Ended(SLEPT, certain=True)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["ValueError", "Exception", "BaseException", "object"], True),
        (["NotImplementedError", "RuntimeError", "Exception"], False),
        (["UnacceptableError", "ValueError", "Exception"], False),
        (["SystemExit", "BaseException"], False),
        (["Exception"] * 21, False),
        (["Exception", 1], False),
        (None, False),
    ],
)
def test_a_refusal_is_an_exception_raised_on_purpose(kinds, expected):
    assert is_refusal(kinds) is expected


class Host:
    """A sandbox whose process ends as killed; notes which visits it was told to end."""

    def __init__(self):
        self.ended, self.closed = [], False

    def begin(self, theirs):
        self.theirs = theirs.dup()
        self.theirs.settimeout(10)
        return 7

    def end(self, number):
        self.ended.append(number)

    def code(self, number, wait_s):
        assert number == 7
        return 128 + 9

    def close(self):
        self.closed = True

    def watch(self):
        """It takes little."""

    def busy(self):
        return False


@pytest.fixture
def host():
    made = Host()
    yield made
    made.theirs.close()


def test_a_visit_that_is_closed_is_over_and_ended_once(host):
    visit = Visit(host, Limits())
    visit.close()
    assert visit.over and host.theirs.recv(1) == b"", "the other end sees that nobody is there"
    visit.close()
    assert host.ended == [7] and not host.closed


def test_a_process_that_forges_is_ended_and_its_sandbox_kept(host):
    with Visit(host, Limits()) as visit:
        host.theirs.sendall(framed({"kind": "nothing"}))
        (bad,) = visit.answers(JOB, [])[1]
        assert bad.forged and visit.over
    assert host.ended == [7] and not host.closed


def test_a_process_that_has_ended_is_not_ended_again(host):
    with Visit(host, Limits()) as visit:
        host.theirs.close()
        assert visit.answers(JOB, [])[1] == [Ended("its process was killed")] and visit.over
    assert host.ended == []
