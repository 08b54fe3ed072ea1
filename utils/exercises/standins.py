"""Stand-ins: what a lab goes on with until an exercise is solved. Each is marked, so that no check judges one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]  # or a class, where the student writes one


class StandIn:
    """Called like the function that an exercise declares to continue with; of a class it has the attributes. `check` knows its type.

    status: the last thing that the check said about the student's own function.
    """

    def __init__(self, name: str, function: Function, status: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.status = status
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the declared function gives."""
        return self._function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """A class's methods, FakeQuant.apply. Private names end here: a copy asks for some before there is a function."""
        if name.startswith("_"):
            raise AttributeError(f"a stand-in has no attribute {name!r}")
        return getattr(self._function, name)

    def __repr__(self) -> str:
        return f"<stand-in for {self.__name__}>"
