"""What atheris, a fuzzer that watches coverage, calls with each of its inputs: the body of a .titan file."""

import struct
import sys
import zlib

import atheris

with atheris.instrument_imports(include=["utils.compress"]):
    from utils.compress.titan.reading import HEADER, MAGIC, VERSION, decode_titan

from utils.compress.titan.byte_stream import TitanError


def read(body: bytes) -> None:
    """A network or a sentence; anything else ends the fuzzing."""
    head = MAGIC + bytes([VERSION]) + struct.pack("<I", zlib.crc32(body))
    assert len(head) == HEADER
    try:
        decode_titan(head + body)
    except TitanError as error:
        assert 10 < len(str(error)) < 200


atheris.Setup(sys.argv, read)
atheris.Fuzz()
