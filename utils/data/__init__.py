"""Loaders of the data sets; each verifies its file and keeps one fixed split."""

from utils.data.ecg import Beats, beats_of, ecg5000
from utils.data.fashion_mnist import Images, fashion_mnist
from utils.data.hapt import hapt, has_hapt
from utils.data.mnist import has_mnist, mnist
from utils.data.motion import Motion, folds, standardise
from utils.data.people_split import Leak, leak, split_people
from utils.data.recording import checked_recording
from utils.data.smartwatch import smartwatch

__all__ = [
    "Beats",
    "Images",
    "Leak",
    "Motion",
    "beats_of",
    "checked_recording",
    "ecg5000",
    "fashion_mnist",
    "folds",
    "hapt",
    "has_hapt",
    "has_mnist",
    "leak",
    "mnist",
    "smartwatch",
    "split_people",
    "standardise",
]
