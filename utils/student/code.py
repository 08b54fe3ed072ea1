"""A cell's text read as Python: its definitions, its statements, whether it is a stub. Nothing is ever executed."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

PROMPT = "# your code here"

_IPYTHON = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^([\w, \t]+=[ \t]*)[%!].*$", re.MULTILINE)
_DEFINES = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
_READ = 1024  # cells whose reading is kept: a lab's own come with every notebook of a class
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Piece:
    """A top-level statement with the comments above it. names: what it defines. said: its meaning, without layout."""

    text: str
    names: frozenset[str]
    said: str


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a cell, its magics (%time, !pip, f?) passed over; None if it does not compile."""
    for candidate in (text, _without_magics(text)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about escapes in the student's strings
                return ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def runnable_forms(text: str) -> tuple[str, ...]:
    """A cell's text as Python may read it: as it is, without a common indentation, and both without IPython's own lines."""
    plain = _without_magics(text)
    return tuple(dict.fromkeys((text, textwrap.dedent(text), plain, textwrap.dedent(plain))))


def _without_magics(text: str) -> str:
    """The text with as many lines, of which those that only IPython understands (%time, !pip, f?) do nothing."""
    return _ASSIGNED_MAGIC.sub(r"\1None", _IPYTHON.sub(r"\1pass", text))


def has_magic(text: str) -> bool:
    """Whether it is Python only for IPython, with lines such as %timeit, !pip or min?."""
    return bool(_IPYTHON.search(text))


@lru_cache(_READ)
def defined(text: str) -> frozenset[str]:
    """Names of the functions and classes that a cell defines; read off its lines where it does not compile."""
    tree = parse(text)
    return frozenset(_DEFINES.findall(text)) if tree is None else frozenset(_defined(tree.body))


def _defined(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, _Definition):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _defined(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


@lru_cache(_READ)
def is_untouched(text: str, stub: str) -> bool:
    """Whether nobody wrote into this stub, be it today's or an older one; notes in comments count as writing.

    An older stub with given lines besides `raise NotImplementedError` can't be told from a student's: it counts as written.
    """
    if _plain(text) == _plain(stub):
        return True
    tree, today = parse(text), parse(stub)
    if tree is None or comments(text) - comments(stub) - {PROMPT}:
        return False
    try:
        if today is not None and _said(tree.body) == _said(today.body):
            return True
        return len(tree.body) == 1 and isinstance(tree.body[0], _Definition) and _is_bare(tree.body[0])
    except (RecursionError, ValueError):  # too deep, or of too many digits, for the library to write down: nobody's stub is
        return False


def _is_bare(node: _Definition) -> bool:
    """Whether a function's body, or that of all of a class's methods, is a docstring and `raise NotImplementedError`."""
    body = _without_docstring(node.body)
    if isinstance(node, ast.ClassDef):
        return bool(body) and all(isinstance(item, _Definition) and _is_bare(item) for item in body)
    return [ast.unparse(statement) for statement in body] == ["raise NotImplementedError"]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if said else body


def _said(body: list[ast.stmt]) -> str:
    """The meaning of statements, without layout, comments and docstrings."""
    body = ast.parse(ast.unparse(ast.Module(body, []))).body  # a copy
    for node in ast.walk(ast.Module(body, [])):
        if isinstance(node, _Definition):
            node.body = _without_docstring(node.body) or [ast.Pass()]
    return "\n".join(map(ast.dump, body))


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def comments(text: str) -> set[str]:
    """The comments of a cell; none where it can't be split into words."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return set()
    return {token.string.strip() for token in tokens if token.type == tokenize.COMMENT}


def docstring(text: str, name: str) -> str | None:
    """The docstring of the function or class `name`; None if it has none or the text does not compile."""
    return next((ast.get_docstring(node) for node in _definitions(text) if node.name == name), None)


def arguments(text: str, name: str) -> str | None:
    """The arguments of the function `name`, "weight, sparsity"; None for a class and where there is none."""
    found = (node.args for node in _definitions(text) if node.name == name and not isinstance(node, ast.ClassDef))
    try:
        return next(map(ast.unparse, found), None)
    except (RecursionError, ValueError):  # a default that the library can't write down
        return None


def assigns(text: str, name: str) -> bool:
    """Whether a statement of the cell gives this name a value, as in `name = other`."""
    tree = parse(text)
    targets = (target for node in (tree.body if tree else []) if isinstance(node, ast.Assign) for target in node.targets)
    return any(isinstance(one, ast.Name) and one.id == name for one in targets)


def _definitions(text: str) -> list[_Definition]:
    tree = parse(text)
    return [node for node in tree.body if isinstance(node, _Definition)] if tree else []


@lru_cache(_READ)
def pieces(text: str) -> tuple[Piece, ...]:
    """The top-level statements of a cell, each with the lines above it; joined by line ends they are the cell again.

    What does not compile is cut where an unindented line begins a definition or ends one.
    """
    lines, tree = text.split("\n"), parse(text)
    found: list[Piece] = []
    at = 0
    for node, end in _ends(lines, tree):
        names = frozenset(_defined([node])) if node else frozenset(_DEFINES.findall("\n".join(lines[at:end])))
        found.append(Piece("\n".join(lines[at:end]), names, _dumped(node) if node else ""))
        at = end
    if rest := lines[at:]:
        found.append(Piece("\n".join(rest), frozenset(_DEFINES.findall("\n".join(rest))), ""))
    return tuple(found)


def _dumped(node: ast.stmt) -> str:
    """The meaning of a statement, without layout; "" if the library can't write it down: too deep, too many digits."""
    try:
        return ast.dump(node)
    except (RecursionError, ValueError):
        return ""


def _ends(lines: list[str], tree: ast.Module | None) -> Iterator[tuple[ast.stmt | None, int]]:
    """For each top-level statement the line behind it, from 1 as Python counts."""
    if tree is not None:
        for node, following in zip(tree.body, [*tree.body, None][1:], strict=True):
            if following is None or following.lineno > (node.end_lineno or 0):  # else they share a line
                yield node, node.end_lineno or 0
        return
    inside = False
    for number, line in enumerate(lines):
        if line[:1] in ("", " ", "\t", "#", ")", "]", "}"):
            continue
        begins = bool(_DEFINES.match(line)) or line.startswith("@")
        if number and (begins or inside) and not lines[number - 1].startswith("@"):
            yield None, number
        inside = begins or (inside and lines[number - 1].startswith("@"))
