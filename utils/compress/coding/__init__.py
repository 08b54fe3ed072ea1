"""Lossless coding of weights: Huffman codes, relative indices, a range coder with probabilities that adapt."""

from utils.compress.coding.entropy import entropy_bits
from utils.compress.coding.huffman import HuffmanCode, canonical_codes, code_lengths
from utils.compress.coding.integer_matrix import decode_integers, encode_integers
from utils.compress.coding.range_coder import DecodingError, RangeDecoder, RangeEncoder
from utils.compress.coding.relative_index import positions, relative_indices

__all__ = [
    "DecodingError",
    "HuffmanCode",
    "RangeDecoder",
    "RangeEncoder",
    "canonical_codes",
    "code_lengths",
    "decode_integers",
    "encode_integers",
    "entropy_bits",
    "positions",
    "relative_indices",
]
