"""The open challenge of each lab. The bytes of its file are declared where the student's commands read them too."""

from __future__ import annotations

from functools import partial

from course.grading.challenge.asked import Challenge, Rival
from course.grading.challenge.on_beats import measure_on_beats
from course.grading.challenge.on_lesions import measure_on_lesions
from course.grading.challenge.on_photos import measure_on_chip, measure_on_photos
from course.grading.challenge.on_windows import measure_on_windows
from utils.student.challenge import BUDGETS

CHALLENGES = {
    "00": Challenge(BUDGETS["00"], measure_on_photos, {"macs": 500_000, "activation_bytes": 26_000}),
    "01": Challenge(BUDGETS["01"], measure_on_photos),
    "02": Challenge(BUDGETS["02"], measure_on_photos),
    "03": Challenge(BUDGETS["03"], measure_on_photos),
    "06": Challenge(BUDGETS["06"], partial(measure_on_photos, against_large=True), rival=Rival("fashion_large", "photos", 0.5)),
    "07": Challenge(BUDGETS["07"], measure_on_chip, {"flash_bytes": 32 * 1024, "ram_bytes": 16 * 1024}),
    "08": Challenge(
        BUDGETS["08"],
        measure_on_windows,
        rival=Rival("the network as shipped", "windows of the people it knew", 1.0, exclusive=True),
    ),
    "11": Challenge(BUDGETS["11"], measure_on_beats),
    "13": Challenge(BUDGETS["13"], measure_on_lesions, {"false_alarms_percent": 15}),
}
