"""Spoken words: the committed corpus, folders from elsewhere, the front end, augmentation and streams.

recordings.py   what a loader returns: waveforms of one second, words, speakers
corpus.py       spoken digits of many synthetic voices, split by voice; a real person's digits
folders.py      `load`: folders in the layout of FSDD or Speech Commands
waves.py        WAV files of any kind as 8 kHz mono; one second of a recording
adpcm.py        how the corpus is stored
mel.py          the front end: log-mel features, of whole recordings and of a stream
augment.py      voices, rooms, microphones and noise that were not recorded
streams.py      hours of speech without digits, digits and noise, rendered when they are used
"""

from utils.data.speech.augment import VoiceAugment, mix_at_snr
from utils.data.speech.corpus import PHRASES, VOICES, Voice, other_speech, real_digits, spoken_digits
from utils.data.speech.folders import load
from utils.data.speech.mel import LogMelStream, MelConfig, log_mel, mel_filters, normalized, windows
from utils.data.speech.other_sounds import negatives
from utils.data.speech.recordings import DIGITS, OTHER, Speech
from utils.data.speech.streams import Stream, StreamConfig, streams
from utils.data.speech.waves import RATE_HZ, as_waveform, is_clipped, one_second, read_wave, trimmed

__all__ = [
    "DIGITS",
    "OTHER",
    "PHRASES",
    "RATE_HZ",
    "VOICES",
    "LogMelStream",
    "MelConfig",
    "Speech",
    "Stream",
    "StreamConfig",
    "Voice",
    "VoiceAugment",
    "as_waveform",
    "is_clipped",
    "load",
    "log_mel",
    "mel_filters",
    "mix_at_snr",
    "negatives",
    "normalized",
    "one_second",
    "other_speech",
    "read_wave",
    "real_digits",
    "spoken_digits",
    "streams",
    "trimmed",
    "windows",
]
