"""Authoring: one source for a lab, solutions/NN_name.py, and the two notebooks built from it."""

from course.authoring.build import build_lab
from course.authoring.notebook import lab_path
from course.authoring.source import BuildError, Cell, Source, read_source
from course.authoring.stale import environment_sha256, other_environment, stale_labs

__all__ = ["BuildError", "Cell", "Source", "build_lab", "environment_sha256", "lab_path", "other_environment", "read_source", "stale_labs"]
