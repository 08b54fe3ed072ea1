"""What a cell's text says as Python, whether or not it compiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.student.code import PROMPT, arguments, defined, docstring, is_untouched, pieces

STUB = 'def f(x):\n    """Do it."""\n    # your code here\n    raise NotImplementedError'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(): pass\nclass G: pass\nasync def h(): pass", {"f", "g".upper(), "h"}),
        ("if True:\n    def f(): pass\nelse:\n    def g(): pass", {"f", "g"}),
        ("try:\n    def f(): pass\nexcept OSError:\n    pass", {"f"}),
        ("f = lambda x: x\ng = f(1)", {"f"}),
        ("f = check(f)", set()),
        ("def f():\n    def inner(): pass", {"f"}),
        ("def f(:\n    def inner(): pass\nclass G", {"f", "G"}),
        ("%time x = 1\ndef f(): pass", {"f"}),
        ("text = '''\ndef f(): pass\n'''", set()),
        ("", set()),
    ],
)
def test_what_a_cell_defines(text, names):
    assert defined(text) == names


@pytest.mark.parametrize(
    "text",
    [
        STUB,
        STUB + "  \n\n",
        STUB.replace("Do it.", "Do it well."),
        STUB.replace("f(x)", "f(x, y)"),
        "class F:\n    def a(self):\n        raise NotImplementedError\n    def b(self):\n        'b'\n        raise NotImplementedError",
        "class f(g):\n    'Do it.'\n\n    @staticmethod\n    def a(x):\n        # your code here\n        raise NotImplementedError",
    ],
)
def test_stubs_nobody_wrote_in(text):
    assert is_untouched(text, STUB)


@pytest.mark.parametrize(
    "text",
    [
        STUB.replace("# your code here", "# my plan"),
        STUB.replace("# your code here", "y = 1"),
        STUB + "(1)",
        "import math\n" + STUB.replace("f(x)", "f(y)"),
        STUB.replace("raise NotImplementedError", "return 1"),
        STUB.replace("raise NotImplementedError", "return ("),
        "",
        "class F:\n    def a(self):\n        raise NotImplementedError\n    b = 1",
    ],
)
def test_what_counts_as_written(text):
    assert not is_untouched(text, STUB)


def test_the_prompt_is_the_builders():
    from course.authoring import strip

    assert PROMPT == strip.PROMPT and strip.STUB == "raise NotImplementedError"


def test_docstring_and_arguments():
    assert docstring(STUB, "f") == "Do it." and arguments(STUB, "f") == "x"
    assert docstring(STUB, "g") is None and arguments("class f: pass", "f") is None and arguments("def f(", "f") is None


def test_pieces_are_the_statements_with_what_stands_above_them():
    text = "# one\na = 1; b = 2\n\n@dec\ndef f():\n    return '''\nx\n'''\n# tail"
    assert [(piece.text, piece.names) for piece in pieces(text)] == [
        ("# one\na = 1; b = 2", frozenset()),
        ("\n@dec\ndef f():\n    return '''\nx\n'''", {"f"}),
        ("# tail", frozenset()),
    ]


def test_pieces_of_what_does_not_compile():
    text = "import x\ndef f():\n    return (\n\n@dec\ndef g():\n    pass\nh = g()"
    found = pieces(text)
    assert [piece.names for piece in found if piece.names] == [{"f"}, {"g"}]
    assert [piece.text.strip().splitlines()[0] for piece in found] == ["import x", "def f():", "@dec", "h = g()"]


@given(st.text(st.sampled_from("ab=():\n #@'\"defclass\t\\;%!0"), max_size=60))
def test_pieces_joined_are_the_cell(text):
    assert "\n".join(piece.text for piece in pieces(text)) == text
    for told in (defined(text), is_untouched(text, STUB), docstring(text, "f")):  # whatever it is, nothing raises
        assert told is None or isinstance(told, str | bool | frozenset)
