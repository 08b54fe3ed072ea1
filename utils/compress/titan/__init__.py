"""The .titan container: a compressed network in one file, and back."""

from utils.compress.titan.byte_stream import TitanError
from utils.compress.titan.container import Titan, TitanConfig, compress_to_titan
from utils.compress.titan.reading import decode_titan, read_titan
from utils.compress.titan.titan_net import PositionMean, Shortcut, TitanNet

__all__ = ["PositionMean", "Shortcut", "Titan", "TitanConfig", "TitanError", "TitanNet", "compress_to_titan", "decode_titan", "read_titan"]
