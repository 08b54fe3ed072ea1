"""Lab 07's `check`: as everywhere, but where no C compiler is, the exercise in C is not judged and nothing is recorded of it."""

from __future__ import annotations

from typing import Any

from utils.exercises import checking, view
from utils.exercises.lab07.cases import lab
from utils.exercises.lab07.compiling import MISSING, compiler
from utils.exercises.standins import StandIn

IN_C = "dot_in_c"


def check(function: Any) -> Any:
    """As `utils.exercises.checking.check`; hands back the stand-in, without a verdict, for C that nothing here can compile."""
    if compiler() is not None or getattr(function, "__name__", None) != IN_C or type(function) is StandIn:
        return checking.check(lab, function)
    substitute = lab.exercises[IN_C].stand_in
    status = f"not judged: {MISSING}. The lab goes on with {substitute.label}; nothing is recorded"
    view.show(view.Sentence(f"{IN_C}: {status}"))
    return StandIn(IN_C, substitute, status)
