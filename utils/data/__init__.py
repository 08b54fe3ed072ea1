"""Loaders of the data sets; each verifies its file and keeps one fixed split."""

from utils.data.biopsies import biopsies
from utils.data.contours import contours, contours_or_biopsies, has_contours
from utils.data.corruptions import IMAGE_CORRUPTIONS, SIGNAL_CORRUPTIONS, corrupt_images, corrupt_signals
from utils.data.dermoscopy import SYNTHETIC, dermoscopy, dermoscopy_ceiling, dermoscopy_traits, draw_lesions
from utils.data.ecg import Beats, beats_of, ecg5000
from utils.data.exams import Exams, as_inputs, as_pixels
from utils.data.fashion_mnist import Images, fashion_mnist
from utils.data.ham10000 import MELANOMA, load_ham10000
from utils.data.hapt import hapt, has_hapt
from utils.data.medmnist import load_medmnist
from utils.data.mnist import has_mnist, mnist
from utils.data.motion import Motion, folds, standardise
from utils.data.own_exams import own_exams
from utils.data.people_split import Leak, leak, split_people
from utils.data.recording import checked_recording
from utils.data.smartwatch import smartwatch

__all__ = [
    "IMAGE_CORRUPTIONS",
    "MELANOMA",
    "SIGNAL_CORRUPTIONS",
    "SYNTHETIC",
    "Beats",
    "Exams",
    "Images",
    "Leak",
    "Motion",
    "as_inputs",
    "as_pixels",
    "beats_of",
    "biopsies",
    "checked_recording",
    "contours",
    "contours_or_biopsies",
    "corrupt_images",
    "corrupt_signals",
    "dermoscopy",
    "dermoscopy_ceiling",
    "dermoscopy_traits",
    "draw_lesions",
    "ecg5000",
    "fashion_mnist",
    "folds",
    "hapt",
    "has_contours",
    "has_hapt",
    "has_mnist",
    "leak",
    "load_ham10000",
    "load_medmnist",
    "mnist",
    "own_exams",
    "smartwatch",
    "split_people",
    "standardise",
]
