"""What a cell's text binds and what it needs, so that an exercise's helpers can be found. Nothing is ever executed."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterable, Iterator

COURSE = ("utils", "course", "solutions")  # packages that are not there when work is graded
MOST_CHARACTERS = 100_000  # of one cell

# What reaches behind Python's own curtain, or for other processes; hardly any exercise has a use for it.
_REACHING = {"ctypes", "gc", "inspect", "socket", "subprocess", "signal", "multiprocessing", "importlib", "builtins", "resource"}
_REACHING |= {"_getframe", "modules", "f_back", "f_globals", "f_locals", "settrace", "setprofile", "_exit", "fork", "kill", "killpg"}
_REACHING |= {"__globals__", "__builtins__", "__subclasses__", "__reduce__"}
_BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "display", "get_ipython"}
_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^([\w, \t]+=[ \t]*)[%!].*$", re.MULTILINE)


def runnable(text: str) -> str | None:
    """The cell as Python: lines that only IPython understands do nothing, and a cell may be indented as a whole.

    None: it does not compile, or is longer than anyone writes.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    plain = _ASSIGNED_MAGIC.sub(r"\1None", _MAGIC.sub(r"\1pass", text))
    for candidate in (text, textwrap.dedent(text), plain, textwrap.dedent(plain)):
        if _compiles(candidate):
            return candidate
    return None


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def bound(text: str) -> frozenset[str]:
    """The names that a cell's statements make; none if it does not compile."""
    table = _table(text)
    symbols = table.get_symbols() if table else []
    return frozenset(symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported())


def makers(texts: Iterable[str]) -> dict[str, list[int]]:
    """Name -> numbers of the texts that make it, in order. Each is looked at once, however many names are asked for."""
    found: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        for name in bound(text):
            found.setdefault(name, []).append(number)
    return found


def needed(text: str) -> frozenset[str]:
    """The global names that a cell uses, in its functions too, and neither makes itself nor has from Python."""
    table = _table(text)
    return frozenset(_used(table)) - bound(text) - _BUILTIN if table else frozenset()


def _table(text: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(text, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    waiting = [table]
    while waiting:
        one = waiting.pop()
        top = one.get_type() == "module"
        yield from (symbol.get_name() for symbol in one.get_symbols() if symbol.is_referenced() and (top or symbol.is_global()))
        waiting += one.get_children()


def reaching(text: str) -> list[str]:
    """Names in a cell that a person should look at: nothing is wrong with any of them, but attacks need them."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    found |= {node.id for node in nodes if isinstance(node, ast.Name)}
    found |= {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    found |= {(node.module or "").partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted(found & _REACHING)


def imports(text: str) -> list[str]:
    """A cell's own import statements of anything but the course, each as a line."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom) and not _of_course(node)]


def course_imports(text: str) -> list[str]:
    """The course's modules that a cell imports, anywhere in it."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return sorted({name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for name in _of_course(node)})


def _of_course(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module or ''}.{name}".removesuffix(".*") for name in names]
    return [name for name in names if name.partition(".")[0] in COURSE]
