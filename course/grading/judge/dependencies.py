"""What a cell's text binds and what it needs, so that an exercise's helpers can be found. Nothing is ever executed."""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from utils.student.code import runnable_forms

COURSE = ("utils", "course", "solutions")  # packages that are not there when work is graded
MAX_CHARACTERS = 100_000  # of one cell

# What reaches behind Python's own curtain, or for other processes; hardly any exercise has a use for it.
_REACHING = {"ctypes", "gc", "inspect", "socket", "subprocess", "signal", "multiprocessing", "importlib", "builtins", "resource"}
_REACHING |= {"_getframe", "modules", "f_back", "f_globals", "f_locals", "settrace", "setprofile", "_exit", "fork", "kill", "killpg"}
_REACHING |= {"__globals__", "__builtins__", "__subclasses__", "__reduce__", "__import__", "__dict__", "__code__", "__closure__"}
_REACHING |= {"vars", "globals", "locals", "exec", "eval", "compile"}
_BY_NAME = {"getattr", "setattr", "delattr"}  # with a name that is put together while they run, they reach all of these
BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "display", "get_ipython"}
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)

_One = TypeVar("_One")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def runnable(text: str) -> str | None:
    """The cell as Python: lines that only IPython understands do nothing, and a cell may be indented as a whole.

    None: it does not compile, or is longer than anyone writes.
    """
    if len(text) > MAX_CHARACTERS:
        return None
    return next((form for form in runnable_forms(text) if _compiles(form)), None)


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<cell>", "exec", dont_inherit=True)
    except _UNREADABLE:
        return False
    return True


def _tree(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except _UNREADABLE:
        return ast.Module([], [])


def bound(text: str) -> frozenset[str]:
    """The names that a cell's statements make when they run; none if it does not compile.

    A name that a function declares global is made when that is called, if ever: it is needed, not bound.
    """
    return frozenset(_bound(_tree(text)))


def _bound(part: ast.AST) -> Iterator[str]:
    """The names that running this part of a module binds: what lies in functions and classes has names of its own."""
    waiting = [part]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Function | ast.ClassDef):
            yield node.name
            waiting += [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else node.args.defaults)]
        elif isinstance(node, _Comprehension):  # its own variables stay inside; := binds outside
            yield from (one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr))
        elif not isinstance(node, ast.Lambda):
            yield from _bound_by(node)
            waiting += ast.iter_child_nodes(node)


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def makers(ones: Iterable[_One], bound_by: Callable[[_One], Iterable[str]]) -> dict[str, list[_One]]:
    """Name -> those that make it, in order. Each is looked at once, however many names are asked for."""
    found: dict[str, list[_One]] = {}
    for one in ones:
        for name in bound_by(one):
            found.setdefault(name, []).append(one)
    return found


def needed(text: str) -> frozenset[str]:
    """The names that a cell uses, in its functions too, and has not made itself by then. Python's own are among them."""
    made: set[str] = set()
    early: set[str] = set()
    for statement in _tree(text).body:
        makes = set(_bound(statement))
        inner = set() if isinstance(statement, _SIMPLE) else makes  # a loop's variable is there when its body asks for it
        early |= set(_loaded(statement)) - made - inner
        made |= makes
    return frozenset(early | (called_for(text) - made))


def called_for(text: str) -> frozenset[str]:
    """The global names that the functions of a cell use: they are needed when one of them is called."""
    table = _table(text)
    return frozenset(name for child in table.get_children() for name in _used(child)) if table else frozenset()


def _loaded(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement uses when it runs, functions' bodies aside: those run later."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Function):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            continue
        if isinstance(node, ast.Lambda | ast.ClassDef | _Comprehension):  # their names are told apart by symtable
            waiting += getattr(node, "decorator_list", [])
            waiting += getattr(node, "bases", [])
            waiting += [one.iter for one in getattr(node, "generators", [])[:1]]  # this alone is evaluated outside
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        waiting += ast.iter_child_nodes(node)


def _table(text: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(text, "<cell>", "exec")
    except _UNREADABLE:
        return None


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    """The global names that a function, a class or a comprehension reads or, declared global, sets."""
    waiting = [table]
    while waiting:
        one = waiting.pop()
        used = (symbol for symbol in one.get_symbols() if symbol.is_global())
        yield from (symbol.get_name() for symbol in used if symbol.is_referenced() or symbol.is_declared_global())
        waiting += one.get_children()


def set_by_functions(text: str) -> frozenset[str]:
    """The names that a function of the cell declares global and sets: nobody else has to make them."""
    table, found = _table(text), set()
    waiting = list(table.get_children()) if table else []
    while waiting:
        one = waiting.pop()
        found |= {symbol.get_name() for symbol in one.get_symbols() if symbol.is_declared_global() and symbol.is_assigned()}
        waiting += one.get_children()
    return frozenset(found)


def has_star_import(text: str) -> bool:
    """Whether a statement imports names that nobody can read off."""
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in _tree(text).body)


def has_future_import(text: str) -> bool:
    """Whether a cell changes how those below it are compiled."""
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in _tree(text).body)


def reaching(text: str) -> list[str]:
    """Names in a cell that a person should look at: nothing is wrong with any of them, but attacks need them.

    A parameter of a function is its own name, such as a recording that is called signal.
    """
    nodes = list(ast.walk(_tree(text)))
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    found |= {node.id for node in nodes if isinstance(node, ast.Name)} - {node.arg for node in nodes if isinstance(node, ast.arg)}
    found |= {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    found |= {(node.module or "").partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    calls = (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BY_NAME)
    built = {node.func.id for node in calls if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant)}  # type: ignore[attr-defined]
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)} & {"eval", "compile"}  # model.eval(), re.compile()
    plain = {node.id for node in nodes if isinstance(node, ast.Name)}
    return sorted((found & _REACHING) - (attributes - plain) | built)


def imports(text: str) -> list[str]:
    """A cell's own import statements of anything but the course, each as a line."""
    body = _tree(text).body
    return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom) and not _of_course(node)]


def course_imports(text: str) -> list[str]:
    """The course's modules that a cell imports, anywhere in it."""
    nodes = ast.walk(_tree(text))
    return sorted({name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for name in _of_course(node)})


def _of_course(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module or ''}.{name}".removesuffix(".*") for name in names]
    return [name for name in names if name.partition(".")[0] in COURSE]
