"""Stand-ins: what a lab goes on with until an exercise is solved. Each is marked, so that no check judges one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Substitute:
    """What an exercise declares: the function (or the class) to go on with, and how the check names it."""

    function: Callable[..., Any]
    label: str


def library(function: Callable[..., Any], label: str | None = None) -> Substitute:
    """A public library's function (or a few lines around it); label: the library's name, "torch.nn.utils.prune"."""
    return Substitute(function, label or _path(function))


def package(function: Callable[..., Any]) -> Substitute:
    """A function that `utils` needs anyway; the check says which."""
    return Substitute(function, _path(function))


def recorded(value: Any, label: str = "a recorded result") -> Substitute:
    """What the lab needs, stored when the lab was built: the answer to any call, a fresh copy each time."""
    return Substitute(lambda *_, **__: copy.deepcopy(value), label)


def _path(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


class StandIn:
    """Called like the function it stands for; of a class it has what the substitute has. `check` knows it by its type.

    status: the last thing that the check said about the student's own function.
    """

    def __init__(self, name: str, substitute: Substitute, status: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.label, self.status = substitute.label, status
        self._function = substitute.function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the substitute gives."""
        return self._function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """A class's methods, FakeQuant.apply. Private names end here: a copy asks for some before there is a substitute."""
        if name.startswith("_"):
            raise AttributeError(f"a stand-in has no attribute {name!r}")
        return getattr(self._function, name)

    def __repr__(self) -> str:
        return f"<stand-in for {self.__name__}>"
