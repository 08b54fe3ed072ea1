"""Loaders of the data sets; each verifies its file and keeps one fixed split."""

from utils.data.fashion_mnist import Images, fashion_mnist
from utils.data.hapt import hapt, has_hapt
from utils.data.mnist import has_mnist, mnist
from utils.data.motion import Motion, folds, standardise
from utils.data.smartwatch import smartwatch

__all__ = ["Images", "Motion", "fashion_mnist", "folds", "hapt", "has_hapt", "has_mnist", "mnist", "smartwatch", "standardise"]
