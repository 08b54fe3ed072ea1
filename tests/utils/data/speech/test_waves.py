"""WAV files of any kind become the same second of 8 kHz sound, or a sentence."""

import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from utils.data.speech import RATE_HZ, as_waveform, is_clipped, one_second, read_wave, trimmed

TONE_HZ = 440.0


def tone(rate_hz, seconds=0.5, level=0.5):
    return level * np.sin(2 * np.pi * TONE_HZ * np.arange(round(rate_hz * seconds)) / rate_hz)


KINDS = {
    "u1": lambda x: np.rint(x * 127 + 128).astype(np.uint8),
    "i2": lambda x: np.rint(x * 32767).astype(np.int16),
    "i4": lambda x: np.rint(x * 2147483647).astype(np.int32),
    "f4": lambda x: x.astype(np.float32),
    "f8": lambda x: x,
}


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate_hz", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_depth_and_number_of_channels_gives_the_same_tone(tmp_path, rate_hz, kind, channels):
    samples = KINDS[kind](tone(rate_hz))
    wavfile.write(tmp_path / "tone.wav", rate_hz, samples if channels == 1 else np.repeat(samples[:, None], channels, 1))
    waveform = read_wave(tmp_path / "tone.wav")
    assert waveform.dtype == np.float32 and abs(len(waveform) - 4000) <= 1
    assert np.abs(waveform[400:3600] - tone(RATE_HZ)[400:3600]).max() < (0.02 if kind == "u1" else 0.01)


def test_24_bits_are_read(tmp_path):
    codes = np.rint(tone(8000) * (1 << 23)).astype("<i4")
    data = codes.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 24_000, 3, 24, b"data", len(data))
    (tmp_path / "deep.wav").write_bytes(head + data)
    assert np.abs(read_wave(tmp_path / "deep.wav") - tone(8000)).max() < 1e-5


def test_what_8_khz_can_not_hold_is_filtered_out():
    high = np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000)
    assert np.abs(as_waveform(high, 16_000)[200:-200]).max() < 0.01


def test_an_offset_is_taken_out_and_opposite_channels_are_silence():
    assert abs(as_waveform(tone(8000) + 0.3, 8000).mean()) < 1e-6
    with pytest.raises(ValueError, match="silent: check the microphone"):
        as_waveform(np.stack([tone(8000), -tone(8000)], 1), 8000)


def wav(tmp_path, samples, rate_hz=8000):
    wavfile.write(tmp_path / "bad.wav", rate_hz, samples)
    return tmp_path / "bad.wav"


@pytest.mark.parametrize(
    ("samples", "rate_hz", "said"),
    [
        (np.zeros(8000, np.int16), 8000, "bad.wav: the recording is silent"),
        (np.full(8000, 128, np.uint8), 8000, "bad.wav: the recording is silent"),
        (np.full(8000, 700, np.int16), 8000, "silent"),  # a constant is an offset
        (np.zeros(0, np.int16), 8000, "bad.wav"),
        (np.full(100, np.nan, np.float32), 8000, "NaN or infinity: record it again"),
        (np.full(100, np.inf, np.float32), 8000, "NaN or infinity"),
        (KINDS["i2"](tone(8000)), 100, "says 100 Hz: give a recording of 4000 to 384000 Hz"),
        (KINDS["i2"](tone(8000)), 1_000_000, "says 1000000 Hz"),
        (np.ones(8000 * 601, np.uint8), 8000, "cut it into pieces of 600 s"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path, samples, rate_hz, said):
    with pytest.raises(ValueError, match=said):
        read_wave(wav(tmp_path, samples, rate_hz))


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    file = wav(tmp_path, KINDS["i2"](tone(8000)))
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(ValueError, match="can't be read as a WAV file"):
        read_wave(file)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a wave", b"\0" * 5000, b"ID3" + b"\0" * 500, b"RIFF\xff\xff\xff\xffWAVEfmt "])
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "other.wav").write_bytes(data)
    with pytest.raises(ValueError, match=r"other.wav can't be read as a WAV file \(.*\): record or convert it"):
        read_wave(tmp_path / "other.wav")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.wav is not there"):
        read_wave(tmp_path / "none.wav")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_sound_or_a_sentence(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("damaged") / "one.wav"
    wavfile.write(file, 8000, KINDS["i2"](tone(8000, 0.02)))
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    file.write_bytes(bytes(raw))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = read_wave(file)
        except ValueError:
            return
    assert found.dtype == np.float32 and np.isfinite(found).all() and len(found)


def test_no_warning_leaves_a_chunk_of_another_program(tmp_path):
    file = wav(tmp_path, KINDS["i2"](tone(8000)))
    file.write_bytes(file.read_bytes() + b"junk" + struct.pack("<I", 4) + b"abcd")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_wave(file)) == 4000


def test_clipping_is_noticed():
    assert is_clipped(np.clip(3 * tone(8000), -1, 1)) and is_clipped(np.clip(3 * tone(8000), -0.5, 0.5))
    assert not is_clipped(tone(8000)) and not is_clipped(np.random.default_rng(0).normal(size=8000))


def test_silence_at_both_ends_is_cut_off():
    word = tone(8000, 0.3)
    quiet = 1e-3 * np.random.default_rng(0).normal(size=3000)
    found = trimmed(np.concatenate([quiet, word, quiet]))
    assert abs(len(found) - len(word)) <= 160
    assert len(trimmed(np.zeros(800))) == 800


def test_a_second_has_the_word_in_its_middle_and_of_a_long_one_the_loudest_second():
    short = one_second(tone(8000, 0.25))
    assert short.shape == (8000,) and not short[:2900].any() and not short[-2900:].any() and np.abs(short).max() > 0.4
    long = one_second(np.concatenate([tone(8000, 1, 0.1), tone(8000, 1, 0.8), tone(8000, 1, 0.1)]))
    assert long.shape == (8000,) and np.square(long).mean() == pytest.approx(0.32, abs=0.01)


@pytest.mark.parametrize(("waveform", "said"), [(np.zeros(0), "no second"), (np.zeros((2, 80)), "no second"), (np.full(80, np.nan), "NaN")])
def test_there_is_no_second_in_what_is_no_waveform(waveform, said):
    with pytest.raises(ValueError, match=said):
        one_second(waveform)
