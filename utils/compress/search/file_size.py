"""Size of the file that `utils.deploy.to_int8_onnx` writes for an architecture, without writing it.

The file is a protobuf message (protobuf.dev, "Encoding"): a field is a tag, its length and its content, and a number takes
seven bits a byte. Names are hexadecimal numbers in the order of their first use, so their lengths are known, too. Only the
zero points depend on the weights: one of 128 or more takes a second byte, which is counted here wherever it can occur.
"""

from __future__ import annotations

from collections.abc import Iterable

from utils.models.chain import Architecture

FLOAT, INT = 4, 4  # bytes of a float32 and of an int32
EMPTY = 2  # a field with nothing in it: node names, remarks
MODEL = 30  # versions, producer, operator set: everything beside the graph
GRAPH = 58  # the graph's name and its input and output, without the sizes in their shapes


def varint(number: int) -> int:
    """Return the bytes that encode a number >= 0, seven bits each.

    >>> [varint(number) for number in (0, 127, 128, 20_000)]
    [1, 1, 2, 3]
    """
    return max(1, -(-number.bit_length() // 7))


def field(length: int) -> int:
    """Return the bytes of a field with `length` bytes of content: tag, length, content.

    >>> field(3), field(200)
    (5, 203)
    """
    return 1 + varint(length) + length


class _File:
    """Adds up the nodes and tensors of a graph; names are counted as they are used."""

    def __init__(self, per_channel: bool) -> None:
        self.bytes, self.per_channel, self._names = 0, per_channel, 0

    def name(self) -> int:
        """Bytes of the next name, as a field."""
        self._names += 1
        return field(len(f"{self._names - 1:x}"))

    def node(self, kind: str, names: Iterable[int], attributes: Iterable[int] = ()) -> None:
        """An operation. names: fields of its inputs and outputs. attributes: bytes of each."""
        self.bytes += field(sum(names) + field(len(kind)) + 2 * EMPTY + sum(map(field, attributes)))

    def tensor(self, dims: tuple[int, ...], content: int) -> int:
        """A stored tensor, its content as a field; returns its name, as a field."""
        name = self.name()
        self.bytes += field(sum(1 + varint(dim) for dim in dims) + 2 + content + name + EMPTY)
        return name

    def quantized(self, made: int, signed: bool) -> int:
        """To codes and back. made: name of what is rounded. signed: the zero point may take two bytes. Returns a name."""
        scale = self.tensor((), field(FLOAT))
        zero = self.tensor((), field(2 if signed else 1))
        codes = self.name()
        self.node("QuantizeLinear", (made, scale, zero, codes))
        back = self.name()
        self.node("DequantizeLinear", (codes, scale, zero, back))
        return back

    def weight(self, dims: tuple[int, ...], count: int) -> int:
        """Signed bytes, their scales and zero points."""
        channels = dims[:1] if self.per_channel else ()
        codes = self.tensor(dims, field(count))
        scale = self.tensor(channels, field(FLOAT * (dims[0] if channels else 1)))
        zero = self.tensor(channels, field(dims[0] if channels else 1))
        return self._from_codes(codes, scale, zero)

    def bias(self, channels: int) -> int:
        """32 bits each, their scales and zero points."""
        codes = self.tensor((channels,), field(INT * channels))
        scale = self.tensor((channels if self.per_channel else 1,), field(FLOAT * (channels if self.per_channel else 1)))
        zero = self.tensor((channels,) if self.per_channel else (), field(INT * channels if self.per_channel else 1))
        return self._from_codes(codes, scale, zero)

    def _from_codes(self, *names: int) -> int:
        made = self.name()
        self.node("DequantizeLinear", (*names, made), (11,) if self.per_channel else ())
        return made


def int8_file_bytes(architecture: Architecture, *, per_channel: bool = True, size: int = 28) -> int:
    """Return the bytes of a trained network's int8 .onnx file; the real file has a byte less for each zero point below 128.

    Only activations that may be negative have such zero points: the input, the logits, and the sum's operand in each block
    with a skip. per_channel: one scale for each output channel of a weight, as `to_int8_onnx` has it. size: side of the
    input in pixels. An untrained network, whose batch norms are all alike, gives another file: equal biases are stored once.
    """
    file = _File(per_channel)
    x = kept = file.quantized(field(1), signed=True)  # the input's name is one letter
    for shape in architecture.convolutions(size):
        kept = x if shape.opens else kept
        weight = file.weight((shape.outputs, shape.inputs // shape.groups, shape.kernel, shape.kernel), shape.weights)
        bias, made = file.bias(shape.outputs), file.name()
        file.node("Conv", (x, weight, bias, made), (18, 11 + varint(shape.groups), 21, 17, 16))
        added = shape.closes and shape.skip
        x = file.quantized(made, signed=added)
        if added:
            total = file.name()
            file.node("Add", (x, kept, total))
            x = file.quantized(total, signed=False)
    axes, mean = file.tensor((2,), field(16)), file.name()
    file.node("ReduceMean", (x, axes, mean), (15,))
    x = file.quantized(mean, signed=False)
    weight = file.weight((architecture.classes, architecture.features), architecture.classes * architecture.features)
    bias, logits = file.bias(architecture.classes), file.name()
    file.node("Gemm", (x, weight, bias, logits), (15, 14, 13))
    last = file.quantized(logits, signed=True)
    shapes = sum(1 + varint(number) for number in (architecture.in_channels, size, size, architecture.classes))
    return MODEL + field(GRAPH + shapes + file.bytes - (last - field(1)))  # the output is called "y"
