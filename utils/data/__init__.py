"""Loaders of the data sets; each verifies its file and keeps one fixed split."""

from utils.data.fashion_mnist import Images, fashion_mnist

__all__ = ["Images", "fashion_mnist"]
