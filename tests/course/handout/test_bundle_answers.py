"""No reference answer is in the hand-out: not in its code, not with other names, not in prose or a notebook's output.

A body is what stands between a solution's markers. It is looked for as a run of words and signs, without layout, comments,
docstrings and annotations, with any names for what the body itself names (its arguments, its variables). Names of others
(torch, clamp) are part of it. So the same lines under other names are found, another way to the same result is not.
Bodies of fewer than LEAST words and signs, such as `return factor * weights`, stand in any code and are not looked for.
"""

import ast
import html
import json
import re
from dataclasses import dataclass
from functools import cache
from textwrap import dedent, indent

import pytest

from course.handout.bundle import files
from utils.doctor import lacking
from utils.files import ROOT

LEAST = 8
TOO_SHORT = {("01_pruning", "rewind")}
NO_TEXT = (".gz", ".npz", ".onnx", ".png", ".safetensors", ".wasm")
REGION = re.compile(r"^[ ]*### BEGIN SOLUTION\n(.*?)^[ ]*### END SOLUTION", re.MULTILINE | re.DOTALL)


class Bare(ast.NodeTransformer):
    """Drops docstrings and annotations."""

    def generic_visit(self, node):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        return super().generic_visit(node)

    def visit_AnnAssign(self, node):
        return ast.copy_location(ast.Assign([node.target], node.value) if node.value else ast.Pass(), node)


def words(text):
    """Names, numbers and single signs; quotes are signs, so that what stands in a string is looked through too."""
    return re.findall(r"[^\W\d]\w*|\d[\w.]*|[^\s\w]", text.replace("\\n", " "))


def bare(text):
    """Python code in one form, "" where the text is none."""
    try:
        return ast.unparse(ast.fix_missing_locations(Bare().visit(ast.parse(text))))
    except (SyntaxError, ValueError):
        return ""


def strings(text):
    """What stands in the string literals of Python code."""
    try:
        return [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    except (SyntaxError, ValueError):
        return []


def forms(text):
    """All runs of words in which a body may stand in a text."""
    plain = html.unescape(text)
    without = re.sub(r"#.*", "", plain)
    found = (plain, without, re.sub(r"<[^<>]*>", "", plain), bare(text), *(one for one in strings(text) if "\n" in one))
    return {" ".join(words(one)) for one in found} - {""}


@dataclass(frozen=True)
class Body:
    """What stands between two markers. patterns: it, with any names for its own, as written and in one form."""

    lab: str
    exercise: str
    text: str
    patterns: tuple
    length: int


@cache
def bodies():
    """All regions of all solutions."""
    return tuple(
        _body(path.stem, cell, region)
        for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
        for cell in re.split(r"^# %%.*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for region in REGION.finditer(cell)
    )


def _body(lab, cell, region):
    """One region; its own names are the arguments and variables of the function around it."""
    tree, line = ast.parse(cell), cell[: region.start()].count("\n") + 1
    around = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.lineno < line]
    function = max(around, key=lambda node: node.lineno)
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function}
    text = dedent(region[1])
    in_one_form = bare("def f():\n" + indent(text, "    ")).partition("\n")[2]
    written = [words(re.sub(r"#.*", "", text)), words(text), words(in_one_form)]
    return Body(lab, tree.body[-1].name, text, tuple({_pattern(one, own) for one in written}), len(written[-1]))


def _pattern(found, own):
    groups, parts, before = {}, [], ""
    for word in found:
        if word not in own or before == ".":
            parts.append(re.escape(word))
        elif word in groups:
            parts.append(f"(?P={groups[word]})")
        else:
            groups[word] = f"name{len(groups)}"
            parts.append(rf"(?P<{groups[word]}>[^\W\d]\w*)")
        before = word
    return re.compile(r"(?<!\S)" + " ".join(parts) + r"(?!\S)")


def texts(name, data):
    """All that somebody can read in a file: the whole, or every string that a notebook holds, outputs and metadata too."""
    if not name.endswith(".ipynb"):
        return [] if name.endswith(NO_TEXT) else [data.decode()]
    found, waiting = [], [json.loads(data)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list) and all(isinstance(line, str) for line in one):
            one = "".join(one)
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return found


def holding(contents):
    """(file, lab, exercise) for every reference body that stands in a file."""
    wanted = [one for one in bodies() if one.length >= LEAST]
    return {
        (name, body.lab, body.exercise)
        for name, data in contents.items()
        for text in texts(name, data)
        for form in forms(text)
        for body in wanted
        if any(pattern.search(form) for pattern in body.patterns)
    }


@pytest.fixture(scope="module")
def contents():
    if said := lacking("git", ".git"):
        pytest.skip(said)
    return {name: one if isinstance(one, bytes) else one.read_bytes() for name, one in files().items()}


@pytest.mark.slow
def test_no_reference_answer_is_in_it(contents):
    assert holding(contents) == set()


def test_what_is_not_read_holds_no_text(contents):
    for name in (name for name in contents if name.endswith(NO_TEXT)):
        with pytest.raises(UnicodeDecodeError):
            contents[name].decode()


def test_every_body_is_looked_for_but_the_shortest():
    assert len(bodies()) >= 48
    assert {(one.lab, one.exercise) for one in bodies() if one.length < LEAST} == TOO_SHORT


# The search finds what is there


def in_a_notebook(**cell):
    return json.dumps({"cells": [{"metadata": {}, "source": [], **cell}], "metadata": {}}).encode()


def lines(text):
    return text.splitlines(keepends=True)


PLACES = {
    "utils/x.py": lambda text: f"def f():\n{indent(text, '        ')}".encode(),
    "utils/among_others.py": lambda text: f"def f():\n    '''Doc.'''\n    begun = True\n{indent(text, '    ')}    # behind it\n".encode(),
    "utils/in_a_string.py": lambda text: f"TEXT = {text!r}\n".encode(),
    "docs/x.md": lambda text: f"# Title\n\nLook:\n\n```python\n{text}```\n".encode(),
    "labs/code.ipynb": lambda text: in_a_notebook(cell_type="code", source=lines(f"if True:\n{indent(text, '    ')}")),
    "labs/prose.ipynb": lambda text: in_a_notebook(cell_type="markdown", source=f"The answer is\n\n{indent(text, '    ')}"),
    "labs/stream.ipynb": lambda text: in_a_notebook(cell_type="code", outputs=[{"output_type": "stream", "text": lines(text)}]),
    "labs/shown.ipynb": lambda text: in_a_notebook(
        cell_type="code", outputs=[{"data": {"text/html": lines(f"<pre><b>{html.escape(text)}</b></pre>")}, "metadata": {}}]
    ),
    "labs/aside.ipynb": lambda text: in_a_notebook(cell_type="code", metadata={"answer": text}),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_body_is_found_wherever_it_is_put(name):
    wanted = [one for one in bodies() if one.length >= LEAST]
    missed = [one.exercise for one in wanted if (name, one.lab, one.exercise) not in holding({name: PLACES[name](one.text)})]
    assert not missed


SAME = {
    "other names": "share = min(max((now - first) / (last - first), 0.0), 1.0)\nreturn goal * (1 - (1 - share) ** 3)",
    "other layout": "done = min(\n  max(((step - begin)) / (end - begin), 0.0), 1.0,)\nreturn final_sparsity*(1-(1-done)**3)",
    "annotations": "d: float = min(max((step - begin) / (end - begin), 0.0), 1.0)  # it\nreturn final_sparsity * (1 - (1 - d) ** 3)",
}
OTHER = {
    "another way": "left = min(max((end - step) / (end - begin), 0.0), 1.0)\nreturn final_sparsity * (1 - left**3)",
    "names mixed up": "done = min(max((step - begin) / (end - step), 0.0), 1.0)\nreturn final_sparsity * (1 - (1 - done) ** 3)",
    "half of it": "done = min(max((step - begin) / (end - begin), 0.0), 1.0)\nreturn done",
}


@pytest.mark.parametrize("case", SAME | OTHER)
def test_the_same_answer_is_found_under_other_names_and_another_answer_is_not(case):
    code = f"def f(step, begin, end, final_sparsity):\n{indent((SAME | OTHER)[case], '    ')}\n"
    found = holding({"utils/x.py": code.encode()})
    assert found == ({("utils/x.py", "01_pruning", "cubic_sparsity")} if case in SAME else set())
