"""The corpus of spoken digits: whole, split by voice, the committed files and no others."""

import numpy as np
import pytest

from utils.data.speech import PHRASES, VOICES, other_speech, real_digits, spoken_digits
from utils.data.speech import corpus as module
from utils.files import sha256_of, verified

SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("split", SPLITS)
def test_every_voice_says_every_digit(split):
    found = spoken_digits(split)
    assert set(found.names) == {voice.name for voice in VOICES if voice.split == split}
    for name in found.names:
        assert (found.only([name]).counts >= 3).all()
    assert found.waveforms.shape == (len(found), 8000) and found.waveforms.isfinite().all()
    assert (found.waveforms.abs().amax(1) > 0.5).all() and found.waveforms.abs().max() <= 1


def test_no_voice_is_in_two_splits():
    """Also where two programs have one speaker."""
    names = [set(spoken_digits(split).names) for split in SPLITS]
    assert sum(map(len, names)) == len(set.union(*names))
    for split in SPLITS:
        assert all(voice.split == split for voice in VOICES if voice.name in spoken_digits(split).names)


def test_no_test_recording_is_a_training_recording():
    rows = [{row.tobytes() for row in spoken_digits(split).waveforms.numpy()} for split in SPLITS]
    assert not rows[0] & rows[1] and not rows[0] & rows[2] and not rows[1] & rows[2]


def test_the_real_person_says_each_digit_once_and_is_in_no_split():
    real = real_digits()
    assert real.counts.tolist() == [1] * 10 and real.names == ("Allison Smith",)
    assert not set(real.names) & {voice.name for voice in VOICES}


@pytest.mark.parametrize(("split", "least_s"), [("train", 150), ("validation", 15), ("test", 20), ("real", 150)])
def test_there_is_speech_without_digits(split, least_s):
    found = other_speech(split)
    assert sum(map(len, found)) / 8000 > least_s and all(one.dtype == np.float32 and len(one) >= 400 for one in found)


def test_no_phrase_has_a_digit():
    sounds = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "won", "too", "to", "for", "fore", "ate")
    assert not [phrase for phrase in PHRASES if set(phrase.split()) & set(sounds)] and len(set(PHRASES)) == len(PHRASES)


def test_an_unknown_split_is_refused():
    for call in (spoken_digits, other_speech):
        with pytest.raises(ValueError, match=r"split must be one of train, validation, test"):
            call("everything")
    with pytest.raises(ValueError, match=r"real_digits\(\)"):
        spoken_digits("real")


@pytest.mark.parametrize("part", ["FILE", "REAL_FILE"])
def test_the_committed_files_are_the_tested_ones_and_a_changed_one_is_refused(tmp_path, part):
    file, sha256 = getattr(module, part), getattr(module, part.replace("FILE", "SHA256"))
    card = (file.parent / "CARD.md").read_text(encoding="utf-8")
    assert sha256_of(file) == sha256 and file.name in card and sha256 in card and f"{file.stat().st_size:,} bytes" in card
    (tmp_path / file.name).write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged or was changed"):
        verified(tmp_path / file.name, sha256)
