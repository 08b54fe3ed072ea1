# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 07: Microcontroller
#
# **A network that gets 91 % of the garments right fits a chip with 32 kB of flash and 16 kB of RAM,
# weights, code and all, and runs there without a float. The program in C agrees with a model in Python
# to the bit, for each of 10,000 photos.** You will turn real factors into whole numbers, write a
# convolution without a float, put weights into C, and count what the program takes.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch; a C compiler, one for Arm and QEMU, if you have them | 90 | under a minute, one thread | under 2 GB | lab 02 helps |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("07")

# %% tags=["setup"]
import dataclasses
import re
import subprocess
from unittest import mock

import numpy as np
import torch
from torch.nn.functional import pad

from utils import deploy, measure, show
from utils.compress import distillation
from utils.data import fashion_mnist
from utils.deploy import mcu
from utils.exercises.lab07 import check
from utils.files import my_work, write_atomically
from utils.models import MicroConfig, MicroNet, zoo
from utils.student.challenge import keep_best
from utils.train import TrainConfig, fit, predict

validation = fashion_mnist("validation", 2000)
classes, truth = validation.classes, validation.labels.numpy()
calibration = fashion_mnist("train", 512).images
work = my_work() / "microcontroller"

# %% [markdown]
# ## What the chip gets
#
# The network of this lab is `fashion_micro` of the zoo: one ordinary convolution, then five pairs of a
# depthwise and a 1x1 convolution, 22,346 parameters. `to_int8_onnx` rounds it to 8 bits, and that file
# becomes C. The words of lab 02 that you need: a number is stored as a whole number, its **code** *q*,
# and stands for $s (q - z)$. The *scale* $s$ is the step from one code to the next, the *zero point* $z$
# is the code of 0.0. Codes of pixels and activations lie in 0 .. 255, those of weights in -127 .. 127
# with a zero point of 0.
#
# *Flash* keeps the program while the power is off, *RAM* what changes while it runs. The chip here is an
# nRF52840 (a Cortex-M4 core at 64 MHz, its floating-point unit unused) whose memory we cut from 1,024 kB
# and 256 kB to 32 kB and 16 kB, with 1,024 bytes a kB. It is emulated. Where a tool is missing here, the
# lab says so and goes on with what is there.

# %% tags=["demo"]
micro = zoo.load("fashion_micro")
deploy.to_int8_onnx(micro, None, work / "micro.onnx", calibration)
network = mcu.IntegerNetwork.from_onnx(work / "micro.onnx")
program = mcu.to_c(network, work / "micro")
kilobyte = 1024
chip = dataclasses.replace(
    mcu.BOARDS["cortex-m4"],
    title="chip of 32 kB",
    flash_bytes=32 * kilobyte,
    ram_bytes=16 * kilobyte,
)
has_compiler, has_chip = not mcu.missing_tools(board=False), not mcu.missing_tools()
print(
    *mcu.missing_tools() or ["All tools are here: the C code runs on an emulated chip."], sep="\n"
)


# %% tags=["demo"]
def in_c(codes):
    """What the C code says of these codes, and where it ran."""
    if has_chip:
        return mcu.run_on_board(program, codes, chip).codes, "C on the emulated chip"
    if has_compiler:
        return mcu.run_on_host(program, codes), "C on this computer"
    return network.run(codes), "the model in Python: no compiler here"


pixels = ((validation.images.numpy() * 0.3530 + 0.2860) * 255).round().astype(np.uint8)
show.pixels(pixels[83], 5, 13, finding="What arrives from the camera: a byte for each pixel.")

# %% [markdown]
# A sneaker, and at the right what the chip holds of its framed part: whole numbers from 0, the black
# background (drawn white), to 255. The answer, from exactly these bytes:

# %% tags=["demo"]
said, where = in_c(pixels[83:84])
show.answers(
    validation.images[83],
    {where: torch.from_numpy(network.logits(said))[0].softmax(0)},
    classes,
    label=7,
    finding="A sneaker with something of a boot, from 784 bytes and without a single float.",
)

# %% [markdown]
# The network was trained on normalised floats, $(p / 255 - 0.2860) / 0.3530$, and no such line is in the
# C code. Where has it gone? Min-max calibration gives the input a scale of $1 / (255 \cdot 0.3530)$, for
# the pixels of the training photos span the whole range. In the code of a pixel all of it cancels but a
# remainder below half: $p - 72.93 + 73$, which rounds to $p$. **The pixel is the code.**

# %% tags=["demo"]
codes = network.codes(validation.images.numpy())
grid = network.input.grid
print(f"scale {grid.scale:.6f} = 1 / {1 / grid.scale:.3f}, zero point {grid.zero_point}")
print(f"codes that differ from their pixel: {(codes != pixels).sum()} of {pixels.size:,}")

# %% [markdown]
# Why would anyone go so low?
#
# - **Energy.** Such a chip draws ten milliwatts while it computes and microwatts while it waits.
# - **Real time.** No operating system, no queue: the same instructions each time, nearly to the last
#   one.
# - **Privacy and cost.** The photo never leaves the chip. What leaves is one byte, the class, and no
#   server is needed.

# %% [markdown]
# ## Predict
#
# A MAC is one multiplication and one addition. How many *instructions* does the chip execute for each
# MAC of the network, all in all: loads, loops, addresses and rounding counted? Commit to a guess.

# %% tags=["demo"]
question = "Instructions that the chip executes for each MAC"
guess = show.guess("07/instructions", question, 1, 20, 0.5, "instructions", start=10)

# %% [markdown]
# And one more. A convolution pads its input with a border that stands for 0.0. A programmer pads the
# codes with 0 instead: the classic bug, for the code of 0.0 is the zero point, here 73. How many of 100
# photos does the network still get right (of 91 before)?

# %% tags=["demo"]
question_2 = "Photos right of 100, with the border at code 0"
guess_2 = show.guess("07/border", question_2, 0, 100, 1, "photos", start=50)

# %% [markdown]
# ## 1. A factor in whole numbers
#
# A layer adds up products of codes, in steps of $s_x s_w$: the scale of its input times that of a
# filter. The next layer's codes have steps of $s_y$. So a sum is multiplied by the real factor
# $s_x s_w / s_y$, one for each filter. Without floats the factor is written as $m / 2^n$: multiply by the
# whole number *m*, shift right by *n*.
#
# **Exercise 1** (core, 3 points, 10 minutes). Find both, so that nothing of the 31 bits of *m* is
# wasted.


# %% tags=["exercise"]
def to_fixed_point(scale):
    """A factor as multiplier / 2**shift (Jacob et al., 2018, section 2.2).

    scale: float, 2**-32 <= scale < 1.
    Returns: (multiplier, shift), two ints: the multiplier is the whole number nearest to
        scale * 2**shift, and it lies in 2**30 .. 2**31 - 1, so that int32 holds it and all its
        bits are used. There is one such shift for each factor.
    Raises: ValueError for any other scale, NaN too.

    Steps: refuse; count how often the factor must be doubled to reach 2**30; round. Rounding may
        reach 2**31: then half of it, with a shift that is smaller by one, is the same factor.
    """
    ### BEGIN SOLUTION
    if not 2.0**-32 <= scale < 1:
        raise ValueError(f"the factor must lie in [2**-32, 1), got {scale}")
    shift = 0
    while scale * 2.0**shift < 2**30:
        shift += 1
    multiplier = round(scale * 2.0**shift)
    return (multiplier, shift) if multiplier < 2**31 else (multiplier // 2, shift - 1)
    ### END SOLUTION


# %% tags=["check"]
to_fixed_point = check(to_fixed_point)

# %% [markdown]
# The network has a factor for each filter and one for the mean before its last layer. How well are they
# met if all share *one* shift? Move the slider.

# %% tags=["demo"]
every = [np.ravel(layer.multiplier / 2.0**layer.shift) for layer in network.layers]
every = np.concatenate(every)


def with_shift(axes, shift):
    nearest = np.rint(every * 2.0**shift) / 2.0**shift
    axes.semilogx(every, 100 * (nearest / every - 1), ".", alpha=0.6)
    axes.set(xlabel="factor", ylabel="error (%)", ylim=(-105, 105))


show.slider_figure(with_shift, [6, 8, 10, 12, 14, 16, 18], "shift", static=[8, 12, 16], height=3)

# %% [markdown]
# Each dot is a filter. With a shift of 8 the factors, between 0.0003 and 0.1, become 0, 1/256, 2/256 and
# so on: some are off by a third or double, others vanish (an error of -100 %). At 12 the smallest is off
# by a fifth, at 16 by a percent. With a shift of its own each factor keeps all its bits, small or large.
# What does that do to the answers?


# %% tags=["demo"]
def with_factors(as_numbers):
    """The network with other factors; as_numbers: factor -> (multiplier, shift)."""
    layers = []
    for layer in network.layers:
        shape = np.shape(layer.multiplier)
        pairs = np.array([as_numbers(one) for one in np.ravel(layer.multiplier / 2.0**layer.shift)])
        numbers = {"multiplier": pairs[:, 0].reshape(shape), "shift": pairs[:, 1].reshape(shape)}
        layers.append(dataclasses.replace(layer, **numbers))
    return mcu.IntegerNetwork(layers, network.input, network.output, network.sample_shape)


def of_so_many_bits(factor, bits):
    multiplier, shift = to_fixed_point(factor)
    less = 31 - bits
    return (multiplier + (1 << less - 1)) >> less, shift - less


yours = with_factors(to_fixed_point)
same = all(
    np.array_equal(mine.multiplier, theirs.multiplier) and np.array_equal(mine.shift, theirs.shift)
    for mine, theirs in zip(yours.layers, network.layers, strict=True)
)
print(f"{len(every)} factors by to_fixed_point, the same numbers as in the chip's tables: {same}")

# %% tags=["demo"]
some, bits = codes[:400], [4, 6, 8, 10, 12, 14]
first = network.run(some).argmax(1)
agreement = {"own shift": [], "one shift for all": []}
for count in bits:
    own = with_factors(lambda factor, count=count: of_so_many_bits(factor, count))
    shared = with_factors(lambda factor, count=count: (round(factor * 2.0**count), count))
    for name, changed in (("own shift", own), ("one shift for all", shared)):
        agreement[name].append(100 * (changed.run(some).argmax(1) == first).mean())

# %% tags=["demo"]
show.curves(
    bits,
    agreement,
    x="bits: of the multiplier (own shift), or behind the point (one shift for all)",
    y="same first choice (%)",
    finding="With a shift of its own, four bits leave 98 % of the answers. With one for all, eight leave chance.",
)

# %% [markdown]
# Eight bits are enough, and we spend 31. Wasteful? The multiplication takes the chip one instruction
# either way, 32 bits by 32 to 64; the shift of 64 bits takes a few more than one of 32, once for each
# sum. What 31 bits buy is not accuracy. They leave the factor no visible error, so that a code which
# differs from a reference in floats is a tie or a mistake in the program. Keep it in mind where bytes
# count: the tables of biases, multipliers and shifts take nearly a fifth of the flash.

# %% [markdown]
# ## 2. A convolution in whole numbers
#
# All a layer does: subtract the zero point, multiply, add up, add the bias, rescale, add the next zero
# point, cut off. The shift rounds down, so half a step is added first.
#
# **Exercise 2** (core, 5 points, 25 minutes). Write the layer. The C code gives the same
# numbers; it has moved the zero point of the input into the bias beforehand.


# %% tags=["exercise"]
def int8_conv2d(x, w, b, params):
    """A convolution from codes to codes, in torch and without any float on the way.

    x: (n, c, h, w) uint8 codes, n may be 0. w: (o, c, k, k) int8 codes, zero point 0.
    b: (o,) int32 bias, in units of a sum.
    params: dict of x_zero_point and y_zero_point, ints in 0 .. 255: the codes of 0.0 in x and in the
        result; multipliers, (o,) int64 tensor, and shifts, (o,) int64 tensor: the factor of each
        filter is multiplier / 2**shift; stride and padding, ints. Beyond the border lies 0.0.
    Do not change any of them.
    Returns: (n, o, h_out, w_out) uint8 tensor, h_out = (h + 2 * padding - k) // stride + 1, and
        w_out likewise: the sum of (x - x_zero_point) * w under the window, plus b; times the
        factor, rounded to the nearest, halves up; plus y_zero_point; cut off at 0 and 255.

    Steps: leave uint8 and int8, then subtract the zero point; torch.nn.functional.conv2d takes
        int32 (or add up the windows yourself); add b; int64 from here, for the product takes
        62 bits; add half a step, 1 << (shift - 1); shift right (`>>`); add, cut off, convert.
    """
    ### BEGIN SOLUTION
    values = x.to(torch.int32) - params["x_zero_point"]  # now 0 is the code of 0.0, for padding too
    sums = torch.nn.functional.conv2d(
        values, w.to(torch.int32), b.to(torch.int32), params["stride"], params["padding"]
    )
    multiplier, shift = (params[name][:, None, None] for name in ("multipliers", "shifts"))
    half = torch.ones_like(shift) << (shift - 1)
    rounded = (sums.to(torch.int64) * multiplier + half) >> shift
    return (rounded + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)
    ### END SOLUTION


# %% tags=["check"]
int8_conv2d = check(int8_conv2d)

# %% [markdown]
# Now the real layers. A depthwise layer is one convolution for each channel, so your function does those
# as well. Its codes are compared, layer by layer, with those of the integer model; and the first layer's
# with what a C program of that layer alone gives.


# %% tags=["demo"]
def by_hand(layer, x):
    """A layer of the network by int8_conv2d; x: (n, c, h, w) uint8 tensor."""
    tables = {"multipliers": layer.multiplier, "shifts": layer.shift}
    tables = {name: torch.tensor(table).long() for name, table in tables.items()}
    weight, bias = torch.tensor(layer.weight), torch.tensor(layer.bias)
    if not layer.depthwise:
        return int8_conv2d(x, weight, bias, layer.params | tables)
    channels = []
    for at in range(len(weight)):
        own = {name: table[at : at + 1] for name, table in tables.items()}
        one = slice(at, at + 1)
        channels.append(int8_conv2d(x[:, one], weight[one], bias[one], layer.params | own))
    return torch.cat(channels, 1)


convolutions = [layer for layer in network.layers if hasattr(layer, "depthwise")]
held = network.activations(codes[:4])
x = torch.from_numpy(codes[:4])
for layer in convolutions:
    x = by_hand(layer, x)
    different = int((x.numpy() != held[layer.name]).sum())
    print(f"{layer.name:12} {layer.macs:8,} MACs  {different} of {x.numel():,} codes differ")

# %% tags=["demo"]
stem = convolutions[0]
alone = mcu.IntegerNetwork([stem], network.input, stem.output, network.sample_shape, "stem")
of_stem = by_hand(stem, torch.from_numpy(codes[:50])).numpy()
if has_compiler:
    from_c = mcu.run_on_host(mcu.to_c(alone, work / "stem"), codes[:50])
    print(f"the first layer in C: {(from_c != of_stem).sum()} of {of_stem.size:,} codes differ")
else:
    print("There is no C compiler here: the first layer is compared with the Python model alone.")

# %% tags=["demo"]
chart = show.figure(height=2.2)
maps = by_hand(stem, torch.from_numpy(pixels[83:84]))[0]
for at, one in enumerate(maps):
    axes = chart.add_subplot(2, 8, at + 1)
    axes.imshow(one, cmap="gray_r", vmin=0, vmax=100)  # the few larger codes are black too
    axes.set_axis_off()
show.caption(
    chart,
    "The sneaker in the 16 channels of the first layer: 3,136 codes from white (0) to black (100, more).",
)

# %% [markdown]
# Bit by bit the same. The codes come from three programs (yours, the Python model, C), and whole numbers
# have no last digit to argue about. Look at the pictures too: two channels see an edge at the left and
# at the top, where no sneaker is. They see the padding. More of that in a moment; first, how far is all
# this from floats?

# %% tags=["demo"]
answers = network.run(codes)
in_floats = predict(micro, validation.images).argmax(1).numpy()
right = (answers.argmax(1) == truth).mean()
print(f"whole numbers: {100 * right:.2f} % of {len(truth):,} validation photos right")
print(f"floats:        {100 * (in_floats == truth).mean():.2f} %")
print(f"the same first choice for {100 * (in_floats == answers.argmax(1)).mean():.1f} %")

# %% [markdown]
# ### Control: shift, and do not round
#
# `>>` rounds down. Without the half step each code is half a code too low on average. Half of 1/255 of
# the range, who would notice?


# %% tags=["demo"]
def rounding_down(sums, multiplier, shift, zero_point):
    wide = sums.astype(np.int64) * np.asarray(multiplier, dtype=np.int64)
    return np.clip((wide >> np.asarray(shift, dtype=np.int64)) + zero_point, 0, 255).astype(
        np.uint8
    )


with mock.patch("utils.deploy.mcu.layers.requantize", rounding_down):
    lower, lower_held = network.run(codes), network.activations(codes[:100])
down = (lower.argmax(1) == truth).mean()
exact = network.activations(codes[:100])
shifts = {name: -(lower_held[name].astype(int) - exact[name]).mean() for name in list(exact)[1:]}
print(f"{100 * right:.2f} % right rounded, {100 * down:.2f} % rounded down")
print(f"{100 * (lower != answers).mean():.0f} % of the codes at the end differ")

# %% tags=["demo"]
show.bars(
    shifts,
    x="codes that a layer's output is too low on average",
    digits=2,
    finding="Half a code a layer does not add up: the next layer's weights have both signs.",
)

# %% [markdown]
# A third of a point on all 10,000 validation photos (91.47 % to 91.11 %; 2,000 are too few to tell). The
# errors do not pile up, as positive and negative weights cancel most of the common shift. An instruction
# more, the addition of half, buys it back.

# %% [markdown]
# ### Control: pad with the wrong zero
#
# Now the bug of your second guess. Every layer but the first comes after a relu, so its zero point *is*
# 0. Only in the first layer does it matter. And there is another number format: many chips' libraries
# store activations as **signed** int8, 128 less than our codes. There the zero point after a relu is
# -128, and a programmer who pads with 0 pads with our code 128, in every layer.

# %% tags=["demo"]
window = type(stem.window)
views = window.views
framed = {"border at the zero point": answers[:1000]}
for name, code in {"border at code 0": 0, "border at int8's code 0": 128}.items():
    with mock.patch.object(window, "views", lambda self, x, _, code=code: views(self, x, code)):
        framed[name] = network.run(codes[:1000])
still = {name: 100 * (said.argmax(1) == truth[:1000]).mean() for name, said in framed.items()}
guess_2.reveal(still["border at code 0"])

# %% tags=["demo"]
show.bars(
    still,
    x="right of 1,000 validation photos (%)",
    finding="One wrong constant: harmless in one number format, ruin in the other.",
)

# %% [markdown]
# With our codes the bug does not show: on these photos it even looks better, on 10,000 it costs 0.04 of
# a point. The background is black, so a black border is what the network sees anyway; the *right*
# border, the grey of code 73, is what drew the edges above. A test that looks at the accuracy would pass
# this bug. One that compares bit by bit fails at the first photo. In the signed format the same slip
# leaves less than a third of the answers.

# %% tags=["demo"]
black = pad(torch.from_numpy(codes[:50]), (1, 1, 1, 1), value=0).numpy()
unpadded = dataclasses.replace(stem.window, pads=(0, 0, 0, 0))
bug = dataclasses.replace(stem, window=unpadded).compute(black)
print(f"codes of the first layer that the border changes: {100 * (bug != of_stem).mean():.0f} %")

# %% [markdown]
# ## 3. Weights as text
#
# C has no files on such a chip. Weights are constants in the program, and a constant is text until a
# compiler reads it.
#
# **Exercise 3** (core, 3 points, 10 minutes). Write an array as C.


# %% tags=["exercise"]
def weights_to_c(name, array):
    """An array as the text of a constant in C, for instance

        static const int8_t weights[3] = {1, -2, 3};

    name: str, the array's name in C. array: tensor of int8, uint8, int16 or int32 with at least
        one number, of any shape, also transposed. Do not change it.
    Returns: str. The type is int8_t, uint8_t, int16_t or int32_t, by the array's dtype; const is in
        it; the count, in brackets, is that of all numbers, and they stand there row by row. Lines,
        comments and static are up to you. It is read and compared, never compiled.
    Raises: ValueError for another dtype, for no numbers, and for a name that C does not take: a
        letter or _ comes first, then letters, digits and _, of ASCII.
    """
    ### BEGIN SOLUTION
    types = {torch.int8: "int8_t", torch.uint8: "uint8_t"}
    types |= {torch.int16: "int16_t", torch.int32: "int32_t"}
    if array.dtype not in types or not array.numel():
        raise ValueError(
            f"need whole numbers of 8, 16 or 32 bits, got {array.numel()} {array.dtype}"
        )
    if not (name.isidentifier() and name.isascii()):
        raise ValueError(f"{name!r} is no name in C: use letters, digits and _")
    numbers = ", ".join(str(number) for number in array.flatten().tolist())
    return f"static const {types[array.dtype]} {name}[{array.numel()}] = {{{numbers}}};\n"
    ### END SOLUTION


# %% tags=["check"]
weights_to_c = check(weights_to_c)

# %% [markdown]
# `to_c` has written the whole program. Here is its innermost loop, then the order of the layers. All
# activations lie in one block, the *arena*, and each layer reads at one place and writes at another.

# %% tags=["demo"]
loop = (program.folder / "dot.h").read_text()
model = (program.folder / "model.c").read_text()
print(loop[loop.index("static inline") : loop.index("#endif")])
print(model[model.index("void model_run") :])


# %% tags=["demo"]
def variant(name, change):
    """The program with other text in its files; change: (file name, text) -> text."""
    for path in program.folder.glob("*.[ch]"):
        write_atomically(work / name / path.name, change(path.name, path.read_text()))
    return mcu.Program(work / name, network)


def with_your_biases(file, text):
    """Each table of biases replaced by what weights_to_c writes."""
    for layer in network.layers:
        if file == "model.c" and hasattr(layer, "folded_bias"):
            table = weights_to_c(f"{layer.name}_bias", torch.from_numpy(layer.folded_bias))
            found = rf"static const int32_t {layer.name}_bias\[\d+\] = {{[^}}]*}};"
            text = re.sub(found, lambda _, table=table: table.strip(), text, count=1)
    return text


print(weights_to_c("dense_bias", torch.from_numpy(network.layers[-1].folded_bias)))
if has_compiler:
    said = mcu.run_on_host(variant("yours", with_your_biases), codes[:200])
    print(
        f"the program with your tables: {(said != answers[:200]).sum()} of {said.size:,} codes differ"
    )

# %% [markdown]
# Is one program right? It is compared with the Python model on 2,000 photos here; a test of the course
# does so on all 10,000 test photos on the computer, and on 200 of them on the emulated chip.

# %% tags=["demo"]
if has_compiler:
    from_c = mcu.run_on_host(program, codes)
    print(f"C on this computer: {(from_c != answers).sum()} of {from_c.size:,} codes differ")
else:
    print("There is no C compiler here, so nothing was compared.")
if has_chip:
    run = mcu.run_on_board(program, codes[:100], chip)
    print(
        f"C on the emulated chip: {(run.codes != answers[:100]).sum()} of {run.codes.size:,} differ"
    )

# %% [markdown]
# ## 4. Does it fit?
#
# A linker sorts a program into sections. **text** is code and constants. **data** are variables that
# begin with a value: they live in RAM, and their first values wait in flash. **bss** are variables that
# begin as 0, which nobody stores. The **stack** holds what functions need while they run.
#
# **Exercise 4** (core, 2 points, 10 minutes). Count.


# %% tags=["exercise"]
def fits_flash_and_ram(sizes, device):
    """What a program takes of a device, and what breaks first.

    sizes: dict of text, data, bss, stack, in bytes. device: dict of flash_bytes and ram_bytes, both
        above 0. Do not change them.
    Returns: dict of
        flash, ram: bytes that the program takes of each;
        fits: bool, True if neither takes more than there is;
        breaks: "flash" or "ram", of those that take too much the one that takes the larger share of
            what there is ("flash" if they are equal); None if the program fits;
        excess: by how many bytes that one is over; 0 if the program fits.
    """
    ### BEGIN SOLUTION
    used = {
        "flash": sizes["text"] + sizes["data"],
        "ram": sizes["data"] + sizes["bss"] + sizes["stack"],
    }
    first = max(used, key=lambda memory: used[memory] / device[f"{memory}_bytes"])
    excess = max(0, used[first] - device[f"{first}_bytes"])
    return {**used, "fits": not excess, "breaks": first if excess else None, "excess": excess}
    ### END SOLUTION


# %% tags=["check"]
fits_flash_and_ram = check(fits_flash_and_ram)

# %% [markdown]
# Three networks of the zoo, and one that differs from the first by a word: `const` is missing before its
# tables. The sizes are those of the linked image, without the bench that feeds photos in and counts.

# %% tags=["demo"]
recorded = {  # with gcc 12.2 for Arm: for where it is missing
    "micro": {"text": 29_284, "data": 0, "bss": 9_408, "stack": 224},
    "micro without const": {"text": 2_824, "data": 26_460, "bss": 9_408, "stack": 224},
    "tiny": {"text": 15_284, "data": 0, "bss": 6_272, "stack": 224},
    "small": {"text": 70_992, "data": 0, "bss": 12_544, "stack": 224},
}


def without_const(file, text):
    return re.sub(r"static const (int\w+ \w+\[)", r"static \1", text)


def sections(name, program):
    """text, data, bss and stack of a program, linked for the chip if that can be done here."""
    if not has_chip:
        return recorded[name]
    sizes = mcu.link_sizes(program, chip)
    return {part: getattr(sizes, part) for part in ("text", "data", "bss", "stack")}


programs = {"micro": program, "micro without const": variant("no_const", without_const)}
for name in ("tiny", "small"):
    deploy.to_int8_onnx(zoo.load(f"fashion_{name}"), None, work / f"{name}.onnx", calibration)
    programs[name] = mcu.to_c(work / f"{name}.onnx", work / name)
linked = {name: sections(name, one) for name, one in programs.items()}
limits = {"flash_bytes": chip.flash_bytes, "ram_bytes": chip.ram_bytes}
print(
    "linked here" if has_chip else "no compiler for the chip here: recorded when the lab was built"
)
for name, sizes in linked.items():
    print(f"{name:20} {fits_flash_and_ram(sizes, limits)}")

# %% tags=["demo"]
flash = {}
for name in ("micro", "micro without const", "tiny"):  # small is more than twice as long
    layers = [one for one in programs[name].network.layers if hasattr(one, "weight")]
    weights = sum(layer.weight.size for layer in layers)
    tables = sum(9 * len(layer.weight) for layer in layers)
    whole = linked[name]["text"] + linked[name]["data"]
    parts = {"weights": weights, "tables": tables, "code": whole - weights - tables}
    flash[name] = {part: size / 1000 for part, size in parts.items()}
show.stacks(
    flash,
    x="flash (thousands of bytes)",
    limits={"32,768 bytes": chip.flash_bytes / 1000},
    digits=1,
    finding="Mostly weights. Biases, multipliers and shifts are nearly a fifth of micro, its code is a tenth.",
)

# %% [markdown]
# Of micro's flash 72 % are weights, 18 % the tables that every filter needs to get from sums to codes (4
# bytes of bias, 4 of multiplier, 1 of shift), 10 % code. The word `const` changes nothing here, and all
# in RAM:

# %% tags=["demo"]
ram = {}
for name, sizes in linked.items():
    parts = {"weights, tables": sizes["data"], "arena": sizes["bss"], "stack": sizes["stack"]}
    ram[name] = {part: size / 1000 for part, size in parts.items()}
show.stacks(
    ram,
    x="RAM (thousands of bytes)",
    limits={"16,384 bytes": chip.ram_bytes / 1000},
    digits=1,
    finding="RAM is the arena. Without const all weights move in, and the program is out.",
)

# %% [markdown]
# micro takes 29.3 kB of flash and 9.6 kB of RAM. Its arena has 9,408 bytes, and no plan could do with
# less: while the third layer runs, its input and its output of 3,136 and 6,272 bytes are both needed.
# `tiny` of the zoo would do with half the flash (and gets 90.2 % right), `small` (92.0 %) takes 71 kB
# and is twice too large. One forgotten word costs 26 kB of RAM. The linker does not complain, for the
# emulated board has 2 MB. `run_on_board` compares with the limits of our chip and names what is too large:

# %% tags=["demo"]
if has_chip:
    for name in ("small", "micro without const"):
        try:
            mcu.run_on_board(programs[name], codes[:1], chip)
        except ValueError as refusal:
            print(f"{name}: {refusal}")

# %% [markdown]
# ## 5. Instructions
#
# The emulator executes the very image, and counts. It has no pipeline, no cache and no wait states: what
# it counts are **instructions**, not clocks, and we call them so.

# %% tags=["demo"]
if has_chip:
    instructions, how = run.instructions_per_inference, "counted"
    spread = f"{run.instructions.min():,} to {run.instructions.max():,}"
    print(f"{instructions:,} instructions a photo, {spread} over {len(run.codes)} photos")
else:
    instructions, how = 8_128_853, "recorded"
    print(f"No emulator here; recorded with QEMU 7.2: {instructions:,} instructions a photo")
guess.reveal(instructions / network.macs, how=how)

# %% [markdown]
# Seven, and the count hardly depends on the photo: only the cut at 0 and 255 asks what is in it. The
# loop that you saw takes five for a MAC: two loads, a multiplication with addition, and two to compare
# and jump back. Where are the others? Each layer becomes a program of its own.

# %% tags=["demo"]
recorded_counts = (
    "551498 459199 750742 226398 469884 320750 876454 425526 1407852 530408 2062808 42267 5260"
)
names = [layer.name for layer in network.layers]
by_layer = dict(
    zip(names, map(int, recorded_counts.split()), strict=True)
)  # if no emulator is here
if has_chip:
    held = network.activations(codes[:1])
    for layer in network.layers:
        source = layer.inputs[0]
        single = mcu.IntegerNetwork([layer], source, layer.output, source.shape, layer.name)
        built = mcu.to_c(single, work / "layers" / layer.name)
        counted = mcu.run_on_board(built, held[source.name], chip)
        by_layer[layer.name] = counted.instructions_per_inference
print(f"all layers together: {sum(by_layer.values()):,} instructions, the whole: {instructions:,}")

# %% tags=["demo"]
per_mac = {one.name: by_layer[one.name] / one.macs for one in network.layers if one.macs}
show.bars(
    per_mac,
    x="instructions for each MAC",
    finding="A depthwise layer takes three times as many instructions for a MAC as a 1x1 layer.",
)

# %% [markdown]
# The 1x1 layers come near the five of the loop, the more channels the nearer. The first layer, whose
# rows are three pixels long, takes nearly twenty. What does that make of the whole?

# %% tags=["demo"]
kinds = {"3x3": ("conv1",), "depthwise": tuple(n for n in by_layer if n.startswith("depthwise"))}
kinds["1x1 and the rest"] = tuple(n for n in by_layer if n not in kinds["3x3"] + kinds["depthwise"])
macs = {layer.name: layer.macs for layer in network.layers}
show.shares(
    {
        "MACs": {kind: sum(macs[name] for name in names) for kind, names in kinds.items()},
        "instructions": {kind: sum(map(by_layer.get, names)) for kind, names in kinds.items()},
    },
    {"MACs": f"{network.macs / 1e6:.2f} M", "instructions": f"{instructions / 1e6:.2f} M"},
    x="share (%)",
    finding="Depthwise layers: a ninth of the arithmetic, a quarter of the work.",
)

# %% [markdown]
# A depthwise filter has nine weights. Hardly has its loop begun when it ends, and the address of the
# next row, the test for the border and the rescaling of the sum are paid for nine MACs, not for 80. A
# design that saves MACs by such layers (this one does) saves less here than it promises.
#
# ### Control: another compiler option
#
# `-O2` is what the program was built with. `-Os` asks for small code, `-O3` for fast code.

# %% tags=["demo"]
options = {"-O2": (instructions, linked["micro"]["text"])}
if has_chip:
    for option in ("Os", "O3"):
        first_line = f'#pragma GCC optimize ("{option}")\n'
        changed = variant(
            option, lambda name, text, line=first_line: (line if name.endswith(".c") else "") + text
        )
        tried = mcu.run_on_board(changed, codes[:10], chip)
        options[f"-{option}"] = (tried.instructions_per_inference, tried.sizes.flash_bytes)
else:
    options |= {"-Os": (11_262_282, 28_940), "-O3": (8_207_216, 30_100)}
for option, (count, size) in options.items():
    print(f"{option}: {count / network.macs:5.2f} instructions a MAC, {size:,} bytes of flash")

# %% [markdown]
# `-Os` saves 340 bytes of 29,284, for the code is a tenth of the flash and the weights do not shrink; it
# pays with 39 % more instructions. `-O3` makes the program larger *and* slower by a percent. An option
# is a wish; count what it brought.
#
# ### From instructions to milliseconds
#
# The chip has a clock of 64 MHz. How many clocks an instruction takes is not counted, but assumed: 1 to
# 2. By Arm's manual of the core most take one, a load that stands alone two, a branch that is taken
# two to four: our loop of five instructions would take 7 to 9 clocks. Flash that is slower than the core
# adds waiting. So this is a **range of a model**.

# %% tags=["demo"]
fast, slow = chip.latency_ms(instructions)
device = measure.devices()["cortex_m4"]
energy = [(device.active_mw - device.idle_mw) * ms / 1000 for ms in (fast, slow)]
print(f"latency: {fast:.0f} to {slow:.0f} ms at {chip.clock_hz / 1e6:.0f} MHz (modelled)")
print(f"energy:  {energy[0]:.2f} to {energy[1]:.2f} mJ a photo at {device.active_mw} mW (modelled)")
battery = device.battery_mah, device.battery_volts
days = {
    f"{period} s": measure.battery_hours(*battery, energy[1], 1 / period, device.idle_mw) / 24
    for period in (1, 5, 10, 30, 60)
}
show.bars(
    days,
    x="days that a coin cell lasts, with a photo every so many seconds (slow end)",
    digits=0,
    finding="Looking once a minute it lasts more than a year and a half; camera and radio come on top.",
)

# %% [markdown]
# A fast library for this core computes 0.5 to 0.6 MACs in a clock, measured (see `devices.toml`): it
# multiplies two pairs of codes with one instruction, and unrolls its loops. It would take 30 ms where
# our readable C takes 130 to 250; the bytes would be nearly the same. Its energy was measured, too: 0.55
# to 0.69 nJ a MAC on another board with this core (MLPerf Tiny v1.2), which makes 0.6 to 0.8 mJ for this
# network.

# %% [markdown]
# ## What three seeds say
#
# The network was trained three times, from three starts. For each: floats, and int8 by the whole numbers
# of the same file. All of the 10,000 test photos; they decided nothing.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
records = {
    "large, float32": zoo.record("fashion_large"),
    "slim, int8": zoo.record("fashion_large_slim4_int8"),
    "micro, float32": zoo.record("fashion_micro"),
    "micro, int8": zoo.record("fashion_micro_int8"),
}
for name, record in records.items():
    seeds = ", ".join(f"{one:.2f}" for one in record.test)
    print(
        f"{name:15} {record.mean_test:.2f} % right ({seeds}), file {record.size_bytes[0]:,} bytes"
    )
lost = records["micro, float32"].mean_test - records["micro, int8"].mean_test
behind = records["large, float32"].mean_test - records["micro, int8"].mean_test
print(f"int8 costs micro {lost:.2f} points; it lies {behind:.2f} points behind large")

# %% [markdown]
# ## The scorecard
#
# Large as it was trained; slim, pruned and in int8; and micro as C. All on this computer: its
# milliseconds say nothing about the chip, but they are taken in the same way. micro's bytes are those of
# its flash image, code included; the others need a runtime of megabytes besides. Accuracy is taken on
# 2,000 test photos, where half a point is chance.

# %% tags=["demo"] id="scorecard"
test, image = fashion_mnist("test", 2000), validation.images[:1]
contestants = {
    "large float32": deploy.runnable(zoo.load("fashion_large"), image, "large float32"),
    "slim int8": deploy.int8_runnable(
        zoo.load("fashion_large_slim4"), None, calibration, name="slim int8"
    ),
}
if has_compiler:
    contestants["micro int8 in C"] = mcu.HostRunnable(program, name="micro int8 in C", board=chip)
else:
    contestants["micro int8"] = deploy.OnnxRunnable(work / "micro.onnx", name="micro int8")
timings = measure.latency(contestants, image, budget_s=3)
energies = measure.energy(contestants, image)
cards = []
for name, one in contestants.items():
    card = measure.scorecard(one, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# Under three points of accuracy are the price of a file that is 377 times smaller, and of a chip in
# place of a phone. Two figures need a word. The milliseconds of the C code here are no contest: it takes
# one number after the other where the runtime takes many at once, and it sits in a process of its own
# behind a pipe. And the energy of the card's model is microjoules, a thousandth of what section 5 found
# for the chip: the model counts arithmetic and memory alone, and a chip does far more than that for each
# instruction.
#
# ## Extra exercise
#
# The loop in which nearly all the time goes, by you, in C. It is optional; the story is complete without
# it.
#
# **Exercise 5** (extra, 3 points, 15 minutes). Return the source of a C function. It is compiled and
# called in a process of its own, so that it can crash nothing here; where there is no C compiler it is
# not judged.


# %% tags=["exercise"]
def dot_in_c():
    """The whole source of a C function, as a str. Its first line is yours too, #include <stdint.h>, then:

        int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)

    It returns the sum over i = 0 .. n - 1 of (x[i] - x_zero_point) * w[i], 0 where n is 0, and reads
    nothing else. int32_t holds every sum. C99, no warnings (-Wall -Wextra), no float, no library.
    C computes in int what is smaller than int: no conversion is needed to subtract.
    """
    ### BEGIN SOLUTION
    return """#include <stdint.h>

int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)
{
    int32_t sum = 0, i = 0;
    for (; i + 4 <= n; i += 4) /* four at once: the loop's end is paid once for four */
        sum += (x[i] - x_zero_point) * w[i] + (x[i + 1] - x_zero_point) * w[i + 1]
             + (x[i + 2] - x_zero_point) * w[i + 2] + (x[i + 3] - x_zero_point) * w[i + 3];
    for (; i < n; i++)
        sum += (x[i] - x_zero_point) * w[i];
    return sum;
}
"""
    ### END SOLUTION


# %% tags=["check"]
dot_in_c = check(dot_in_c)

# %% [markdown]
# What does the compiler for the chip make of it, and what is it worth in the network? Your function
# takes the place of the loop in `dot.h`.


# %% tags=["demo"]
def with_your_loop(file, text):
    if file != "dot.h":
        return text
    source = re.sub(r"\bint32_t\s+dot\b", "static inline int32_t dot_by_hand", dot_in_c(), count=1)
    head = "static inline int32_t dot(const int8_t *weight, const uint8_t *code, int count)"
    body = f"{source}\n{head}\n{{\n    return dot_by_hand(code, weight, count, 0);\n}}\n"
    return f"#ifndef DOT_H\n#define DOT_H\n{body}#endif\n"


if has_chip:
    tried = mcu.run_on_board(variant("dot", with_your_loop), codes[:50], chip)
    print(f"{(tried.codes != answers[:50]).sum()} codes differ", end="; ")
    count = tried.instructions_per_inference
    print(f"{count:,} instructions a photo, {100 * (1 - count / instructions):+.1f} % saved")
    flags = ["-mcpu=cortex-m4", "-mthumb", "-O2", "-S", "-xc", "-", "-o-"]
    compiler = ["arm-none-eabi-gcc", *flags]
    said = subprocess.run(compiler, input=dot_in_c(), capture_output=True, text=True).stdout
    lines = said[said.index("\ndot:") : said.index(".size")].split("\n")
    print(*[line for line in lines if line[:1] != "\t" or line[1:2].isalpha()][:40], sep="\n")
else:
    print("No compiler for the chip here; four products a round saved 7 % when this was built.")

# %% [markdown]
# The reference takes four products a round and saves 7 % of the instructions for 250 bytes of flash. A
# pair of products in one instruction (`SMLAD`) would save far more, and is no longer plain C.

# %% [markdown]
# ## Open challenge: the most of 32 kB
#
# The file `07_challenge.onnx`, in int8, whose program takes at most 32 kB of flash and 16 kB of RAM: as
# many validation photos right as you can manage, counted by whole numbers. The line to beat is
# `fashion_micro`. Network, teacher, photos and patience are yours. Here is a start that takes seconds.

# %% tags=["demo"]
torch.manual_seed(0)
mine = MicroNet(MicroConfig.of(8, (16, 1), (24, 2), (32, 1)))  # yours: change any of these
teacher = distillation.from_teacher(zoo.load("fashion_small"), temperature=4.0, alpha=0.9)
how = TrainConfig(epochs=3, lr=0.1, batch_size=64, augment=False)
fit(mine, fashion_mnist("train", 2500), how, loss=teacher)

challenge = my_work() / "07_challenge.onnx"
deploy.to_int8_onnx(mine.eval(), None, challenge, calibration)
entry = mcu.IntegerNetwork.from_onnx(challenge)
share = 100 * (entry.run(codes[:1000]).argmax(1) == truth[:1000]).mean()
print(
    f"{share:.1f} % right; to beat: {100 * (answers[:1000].argmax(1) == truth[:1000]).mean():.1f} %"
)
excess = ""
if has_chip:
    sizes = mcu.link_sizes(mcu.to_c(entry, work / "challenge"), chip)
    excess = sizes.excess(chip.flash_bytes, chip.ram_bytes)
    print(f"flash {sizes.flash_bytes:,}, RAM {sizes.ram_bytes:,} bytes: {excess or 'it fits'}")
else:
    print(
        f"tables {entry.weight_bytes:,}, arena {entry.arena.size_bytes:,} bytes; the code comes on top"
    )
keep_best(challenge, share, within=not excess)

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - run a network of 91 % in 29 kB of flash and 10 kB of RAM, whole numbers only, C and Python equal to
#   the bit;
# - met a bug that accuracy does not show and a comparison bit by bit does, and seen the same slip ruin
#   another number format;
# - counted instructions: seven for a MAC, fifteen in depthwise layers, more with `-Os` and no fewer with
#   `-O3`.
#
# **Limits.** The chip was emulated: instructions are exact, clocks, milliseconds and millijoules are a
# model with its range. Readable C is four to eight times slower than a tuned library. Flash and RAM are
# those of the network's program alone: a camera's driver needs its share. Garments of ten kinds, photos
# of 28x28 pixels.
#
# **Papers.** Jacob et al. 2018 (arXiv 1712.05877); Howard et al. 2017 (1704.04861); Lai, Suda and
# Chandra 2018, CMSIS-NN (1801.06601); David et al. 2021, TensorFlow Lite Micro (2010.08678); Lin et al.
# 2020, MCUNet (2007.10319); Pisarchyk and Lee 2020 (2001.03288).
#
# Next: **lab 08, on-device learning**. The network is on the device; now it learns there, and what it
# learns from never leaves.
