"""Read a lab's source, solutions/NN_name.py, into cells that know their role, their line and their lasting id."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from course.authoring.strip import RegionError, Stripped, marker_line, strip

ROLES = ("setup", "exercise", "check", "demo")
NBVAL_TAGS = ("nbval-check-output", "nbval-ignore-output", "nbval-skip", "nbval-raises-exception", "raises-exception")
# Without the last entry jupytext turns comments such as "# cat pictures" or "# time it" into shell commands and magics.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
OPTIONS = ("tags", "id", "jupyter")  # what may stand behind `# %%`

_CELL = re.compile(r"^# %%")
_NAME = re.compile(r"^\d\d_[a-z0-9_]+$")
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_JUPYTEXT_ONLY = ("lines_to_next_cell", "cell_marker", "lines_to_end_of_cell_marker")


class BuildError(ValueError):
    """A lab can't be built; the message names file, cell and line and says what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of a lab.

    role: "prose" or one of ROLES.
    line: line of the source file on which the cell's text begins.
    text: the cell as its author wrote it.
    stub: the cell as students get it (equal to `text` except in exercises).
    bodies: the reference lines that were taken out, one tuple for each region.
    function: name of the function or class that an exercise asks for, else "".
    """

    id: str
    role: str
    line: int
    text: str
    stub: str
    bodies: tuple[tuple[str, ...], ...] = ()
    function: str = ""
    tags: tuple[str, ...] = ()
    jupyter: dict | None = None


@dataclass(frozen=True)
class Source:
    """A lab's source file, read and with every cell well-formed (`rules.validate` looks at the cells together)."""

    path: Path
    sha256: str
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The lab's name, "01_pruning"."""
        return self.path.stem

    def refuse(self, cell: Cell, message: str, line: int = 1) -> BuildError:
        """The error to raise about a line (from 1) of a cell."""
        return _error(self.path, cell.id, cell.line + line - 1, message)


def read_source(path: Path) -> Source:
    """Read solutions/NN_name.py.

    Raises:
        BuildError: the file can't be split into well-formed cells.
    """
    path = Path(path).resolve()
    if path.suffix != ".py" or not _NAME.match(path.stem):
        raise BuildError(f"{path.name} is not a lab's source: name it NN_name.py, two digits and lower-case letters")
    if not path.is_file():
        raise BuildError(f"{path} is missing: pass the lab's source, solutions/NN_name.py")
    text = _text(path)
    try:
        raw = jupytext.reads(text, fmt=FORMAT).cells
    except Exception as error:  # a broken header ends in one of many kinds of error
        raise BuildError(
            f"solutions/{path.name} can't be split into cells ({str(error).splitlines()[0]}): mend its header or its cells' options"
        ) from error
    lines = _cell_lines(path, text, len(raw))
    cells = [_cell(path, cell, line) for cell, line in zip(raw, lines, strict=True)]
    return Source(path, text_sha256(text), tuple(_with_ids(path, cells)))


def _text(path: Path) -> str:
    """The source's text without a byte order mark, which some editors write."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BuildError(f"solutions/{path.name} is not written in UTF-8 (line {line}): save it in UTF-8") from error
    if "\0" in text:
        raise BuildError(f"solutions/{path.name} contains zero bytes: save it in UTF-8, not in UTF-16, or restore it")
    if not any(_CELL.match(line) for line in text.splitlines()):
        raise BuildError(f"solutions/{path.name} has no cells: begin each with a line '# %%' (docs/adding-a-lab.md)")
    return text


def text_sha256(text: str) -> str:
    """SHA-256 of a text with LF line ends: the same on every system."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _cell_lines(path: Path, text: str, count: int) -> list[int]:
    """Line on which each cell's text begins, from 1."""
    lines = [number + 1 for number, line in enumerate(text.splitlines(), start=1) if _CELL.match(line)]
    if len(lines) != count:
        raise BuildError(
            f"solutions/{path.name} has {len(lines)} lines that begin with '# %%' but {count} cells: "
            "put no text before the first cell, and no such line into a string"
        )
    return lines


def _cell(path: Path, raw: NotebookNode, line: int) -> Cell:
    """Judge one cell by itself; the id is still the one its author gave, or empty."""
    options = {key: value for key, value in raw.metadata.items() if key not in _JUPYTEXT_ONLY}
    given, tags = options.get("id", ""), options.get("tags", [])
    label = given if isinstance(given, str) and given else "without id"

    def wrong(message: str, at: int = 1) -> BuildError:
        return _error(path, label, line + at - 1, message)

    if unknown := sorted(set(options) - set(OPTIONS)):
        raise wrong(
            f'unknown cell option {unknown[0]!r}: write # %% [markdown] or # %% tags=["demo"], with at most {", ".join(OPTIONS)}', 0
        )
    if unknown := [tag for tag in tags if tag not in (*ROLES, *NBVAL_TAGS)]:
        raise wrong(f"unknown tag {unknown[0]!r}: use one of {', '.join((*ROLES, *NBVAL_TAGS))}", 0)
    if given != "" and not (isinstance(given, str) and _ID.match(given)):
        raise wrong(f"the id {given!r} is not a valid cell id: use 1 to 64 letters, digits, '-' and '_'", 0)
    if raw.cell_type == "raw":
        raise wrong("a lab has no raw cells: make it [markdown] or code", 0)
    role = "prose"
    if raw.cell_type == "code":
        roles = [tag for tag in tags if tag in ROLES]
        if len(roles) != 1:
            raise wrong(f"a code cell needs exactly one of the tags {', '.join(ROLES)}; this one has {', '.join(roles) or 'none'}", 0)
        role = roles[0]
    elif tags:
        raise wrong(f"a prose cell has no tags: remove {', '.join(tags)}", 0)
    if not raw.source.strip():
        raise wrong("the cell is empty: fill or remove it", 0)
    if role != "exercise":
        if found := marker_line(raw.source):
            raise wrong("a solution marker is outside an exercise cell: tag the cell exercise or remove the marker", found)
        return Cell(given, role, line, raw.source, raw.source, tags=tuple(tags), jupyter=options.get("jupyter"))
    stripped, function = _exercise(raw.source, wrong)
    return Cell(given, role, line, raw.source, stripped.stub, stripped.bodies, function, tuple(tags), options.get("jupyter"))


def _exercise(text: str, wrong: Callable[..., BuildError]) -> tuple[Stripped, str]:
    """Strip an exercise cell; return it with the name of its one function."""
    try:
        stripped = strip(text)
    except RegionError as error:
        raise wrong(str(error), error.line) from None
    if not stripped.bodies:
        raise wrong("an exercise cell has no solution region: put the reference between ### BEGIN SOLUTION and ### END SOLUTION")
    for code, what in ((text, "reference"), (stripped.stub, "stub")):
        try:
            tree = ast.parse(code)
        except SyntaxError as error:
            line = error.lineno if code is text else marker_line(text)
            raise wrong(f"the {what} does not compile ({error.msg}): check code and markers' indentation", line or 1) from None
    bodies = [(node.lineno, node.end_lineno or 0) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for number in stripped.stub_lines:
        if not any(first < number <= last for first, last in bodies):
            raise wrong("a solution region is outside a function: the stub would fail as soon as the cell runs", number)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    if len(names) != 1:
        raise wrong(f"an exercise cell asks for exactly one function, this one has {', '.join(names)}: give each its own cell")
    return stripped, names[0]


def _with_ids(path: Path, cells: list[Cell]) -> list[Cell]:
    """Give every cell an id that lasts: it hangs on what the cell is, never on where it stands."""
    seen: dict[str, int] = {}
    named: list[Cell] = []
    function = ""
    for cell in cells:
        function = cell.function or function
        fixed = cell.id or {"exercise": cell.function, "check": f"check-{function}"}.get(cell.role, "")
        identity = fixed[:64] or f"{cell.role}-{text_sha256(chr(0).join((path.stem, cell.role, cell.stub)))[:10]}"
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] > 1 and fixed:
            raise _error(path, identity, cell.line, "two cells have this id: rename one")
        if seen[identity] > 1:
            identity = f"{identity}-{seen[identity]}"
        named.append(Cell(**{**cell.__dict__, "id": identity}))
    return named


def _error(path: Path, cell: str, line: int, message: str) -> BuildError:
    return BuildError(f"solutions/{path.name}, cell {cell}, line {line}: {message}")
