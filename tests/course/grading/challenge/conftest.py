"""Fewer photos than a mark needs, where nothing hangs on how sure its figures are."""

from functools import partial

import pytest

from course.grading.challenge import on_photos
from course.grading.challenge.photos import changed_photos


@pytest.fixture
def few_photos(monkeypatch):
    """A file is tried on 1,000 photos, in a tenth of the time."""
    monkeypatch.setattr(on_photos, "changed_photos", partial(changed_photos, count=1000))
