"""Folders in the layout of FSDD and of Speech Commands: words, speakers, and one clear sentence for what can't be used."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from utils.data import split_people
from utils.data.speech import DIGITS, load

REAL = os.environ.get("TITANS_FSDD", "")  # a folder of the Free Spoken Digit Dataset, for who has one


def spoken(file, hz=300.0, rate_hz=8000, level=0.5):
    file.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(file, rate_hz, np.rint(level * 32767 * np.sin(2 * np.pi * hz * np.arange(rate_hz // 2) / rate_hz)).astype(np.int16))


@pytest.fixture
def fsdd(tmp_path):
    for digit in range(10):
        for speaker in ("ann", "bob_smith"):
            spoken(tmp_path / f"{digit}_{speaker}_0.wav", 200 + 50 * digit)
    (tmp_path / "README.md").write_text("not a recording")
    spoken(tmp_path / "ten_ann_0.wav")
    return tmp_path


@pytest.fixture
def commands(tmp_path):
    for word in (*DIGITS, "cat"):
        for name in ("0a7c2a8d_nohash_0", "0a7c2a8d_nohash_1", "ffd2ba2f_nohash_0"):
            spoken(tmp_path / word / f"{name}.wav", rate_hz=16_000)
    spoken(tmp_path / "_background_noise_" / "running_tap.wav")
    (tmp_path / "testing_list.txt").write_text("cat/0a7c2a8d_nohash_0.wav\n")
    return tmp_path


def test_the_layout_of_fsdd(fsdd):
    found = load(fsdd)
    assert found.waveforms.shape == (20, 8000) and found.counts.tolist() == [2] * 10
    assert found.names == ("ann", "bob_smith") and found.speakers.bincount().tolist() == [10, 10]
    assert found.classes == DIGITS and not found.clipped.any() and not found.skipped
    assert len(found.only(["ann"])) == 10 and len(found[found.labels == 3]) == 2


def test_recordings_in_an_inner_folder_are_found(fsdd):
    (fsdd / "recordings").mkdir()
    for file in list(fsdd.glob("*.wav")):
        file.rename(fsdd / "recordings" / file.name)
    assert len(load(fsdd)) == 20


def test_the_layout_of_speech_commands(commands):
    found = load(commands)
    assert found.counts.tolist() == [3] * 10 and found.names == ("0a7c2a8d", "ffd2ba2f") and found.classes == DIGITS
    more = load(commands, other=True)
    assert more.counts.tolist() == [3] * 11 and more.classes == (*DIGITS, "other")


def test_folders_may_have_the_digits_as_names(tmp_path):
    spoken(tmp_path / "7" / "carol_1.wav")
    spoken(tmp_path / "Three" / "dave.wav")
    found = load(tmp_path)
    assert found.labels.tolist() == [7, 3] and found.names == ("carol", "dave")


def test_hidden_files_and_folders_are_left_alone(commands):
    for hidden in ("seven/._0a7c2a8d_nohash_0.wav", ".trash/x_nohash_0.wav"):
        (commands / hidden).parent.mkdir(exist_ok=True)
        (commands / hidden).write_bytes(b"Mac OS X")
    assert len(load(commands, other=True)) == 33


def test_a_large_folder_is_thinned_out_evenly(commands):
    found = load(commands, per_word=2)
    assert found.counts.tolist() == [2] * 10 and found.speakers.bincount().tolist() == [20]
    for number in range(4):
        spoken(commands / "five" / f"zz{number}_nohash_0.wav")
    thin = load(commands, per_word=4)
    assert [len(thin[thin.labels == label]) for label in (4, 5)] == [3, 4]
    assert {thin.names[at] for at in thin.speakers[thin.labels == 5].tolist()} == {"0a7c2a8d", "zz0", "zz2"}
    with pytest.raises(ValueError, match="per_word must be at least 1, got 0"):
        load(commands, per_word=0)


def test_speakers_are_kept_apart_by_the_usual_split(fsdd):
    found = load(fsdd)
    train, test = split_people(found.speakers, 0.5, np.random.default_rng(0))
    assert not set(found.speakers[train].tolist()) & set(found.speakers[test].tolist())


def test_a_clipped_recording_is_kept_and_marked(tmp_path):
    spoken(tmp_path / "1_ann_0.wav")
    wavfile.write(tmp_path / "2_ann_0.wav", 8000, np.clip(90_000 * np.sin(np.arange(4000) / 5), -32768, 32767).astype(np.int16))
    assert load(tmp_path).clipped.tolist() == [False, True]


def test_a_bad_recording_is_named_or_left_out(fsdd):
    wavfile.write(fsdd / "4_ann_0.wav", 8000, np.zeros(4000, np.int16))
    (fsdd / "5_ann_0.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"2 of 20 recordings can't be used, the first: 4_ann_0.wav: the recording is silent"):
        load(fsdd)
    found = load(fsdd, skip_bad=True)
    assert len(found) == 18 and [one[:12] for one in found.skipped] == ["4_ann_0.wav:", "5_ann_0.wav "]


def test_what_is_no_such_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not there: check the path"):
        load(tmp_path / "none")
    (tmp_path / "data.zip").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="is a file: unpack it"):
        load(tmp_path / "data.zip")
    with pytest.raises(ValueError, match=r"has no recording of a digit: name the files like 7_george_0.wav"):
        load(tmp_path)
    spoken(tmp_path / "cat" / "a_nohash_0.wav")
    with pytest.raises(ValueError, match="has no recording of a digit"):
        load(tmp_path)
    (tmp_path / "cat" / "a_nohash_0.wav").write_bytes(b"")
    with pytest.raises(ValueError, match="1 of 1 recordings can't be used"):
        load(tmp_path, other=True, skip_bad=True)
    spoken(tmp_path / "7" / "ann_0.wav")
    with pytest.raises(ValueError, match=r"nobody is called 'eve' here"):
        load(tmp_path).only(["eve"])


@pytest.mark.nightly  # its folder is never part of the course
@pytest.mark.skipif(not Path(REAL, "0_george_0.wav").is_file(), reason="TITANS_FSDD names no folder of the Free Spoken Digit Dataset")
def test_recordings_of_fsdd_are_read():
    found = load(REAL)
    assert len(found) >= 1500 and {"george", "lucas", "theo"} <= set(found.names)
    assert (found.counts == len(found) // 10).all() and found.waveforms.isfinite().all()
    assert (found.waveforms.abs().amax(1) > 0.01).all()
