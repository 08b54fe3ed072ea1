# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 06: Edge runtimes
#
# **The network of labs 01 and 02 leaves Python: pruned and quantized to int8, a file of 395 kB
# instead of 11 MB, for about 0.3 percentage points of accuracy, on a web page that computes in the
# browser and sends nothing anywhere.** You will prepare photos so that a runtime gets what the
# network was trained on, measure times so that they mean something, and plan memory byte by byte.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch | 90 | about a minute, one thread | under 2 GB | nothing (labs 01, 02 help) |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("06")

# %% tags=["setup"]
import math
import random
import subprocess
import sys
import threading
import time

import numpy as np
import torch

from utils import deploy, measure, show
from utils.data import fashion_mnist
from utils.data.fashion_mnist import MEAN, STD
from utils.deploy import browser, mcu
from utils.exercises.lab06 import check
from utils.files import my_work
from utils.models import zoo
from utils.student.challenge import keep_best

validation = fashion_mnist("validation", 1000)
classes = validation.classes
large, slim = zoo.load("fashion_large"), zoo.load("fashion_large_slim4")

# %% [markdown]
# ## One photo, three answers
#
# A trained network is a file of numbers. A **runtime** reads the file and computes, without Python
# and without torch: ONNX Runtime on a phone or a server, its WebAssembly version in a browser. This
# lab runs three networks from the **zoo**, the folder of trained networks that the labs load:
# `large`, the network of lab 01; `slim`, the same network pruned to a seventh of its weights; and
# small `nano`. `large` and `slim` also run in int8, after **post-training quantization**: the
# ranges of their activations were measured on 512 training images, which is called **calibration**.
#
# Below is one T-shirt, and what `slim` predicts for it three times. Only the line that turns bytes
# into numbers differs.

# %% tags=["demo"]
image = validation.images[:1]
calibration = fashion_mnist("train", 512).images
run = {
    "large": deploy.runnable(large, image, "large"),
    "slim": deploy.runnable(slim, image, "slim"),
}
run["slim int8"] = deploy.int8_runnable(slim, None, calibration, name="slim int8")
brightness = validation.images * STD + MEAN  # 0 is black, 1 is white
prepared = {
    "as in training": (brightness - MEAN) / STD,
    "mean, std forgotten": brightness,
    "/ 255 twice": (brightness / 255 - MEAN) / STD,
}
outputs = {how: torch.from_numpy(run["slim"].run(x.numpy())) for how, x in prepared.items()}
shown = 3
sure = [100 * logits[shown].softmax(0).max().item() for logits in outputs.values()]
show.answers(
    validation.images[shown],
    {how: logits[shown].softmax(0) for how, logits in outputs.items()},
    classes,
    label=int(validation.labels[shown]),
    finding=f"Nothing reports an error, and a wrong answer is almost as sure ({sure[2]:.0f} %) as the right one ({sure[0]:.0f} %).",
)

# %% tags=["demo"]
right = {how: 100 * (x.argmax(1) == validation.labels).float().mean() for how, x in outputs.items()}
show.bars(
    {how: share.item() for how, share in right.items()},
    x="accuracy (%), 1,000 photos",
    reference=10,
    finding="Without mean and std half of the accuracy is lost, with a second division all of it. Guessing gives 10 % (dashed).",
)

# %% [markdown]
# The file was never wrong, and nothing reports the fault. That is the usual way in which a deployed
# network fails: it gets other numbers than in training, and answers. One line would have caught
# both faults, the **parity check**: send the same photos through the old path and the new one, and
# print the largest difference between any two numbers of the answers.

# %% tags=["demo"]
with torch.no_grad():
    expected = slim(validation.images[:8])
for how, logits in outputs.items():
    print(f"{how:22} largest difference {(logits[:8] - expected).abs().max():10.6f}")

# %% [markdown]
# In float32 a difference of a millionth is rounding: the same sums in another order. Anything larger
# is a bug. Why move to a runtime at all?
#
# - **Energy.** A runtime fuses layers, so that fewer numbers are moved; in int8 each number has a
#   quarter of the bytes.
# - **Real time.** The same file answers sooner than in torch, before anything is compressed.
# - **Low cost.** What runs on the user's own device costs no server, and nothing leaves the device.

# %% [markdown]
# ## Predict
#
# `slim int8` has 28 times fewer bytes than `large` and computes 4.1 times fewer multiplications,
# each of them on bytes. In the same runtime, on one thread, one photo at a time: how many times
# faster is it? Commit to a guess.

# %% tags=["demo"]
question = "Times faster than large, in the same runtime"
speed_guess = show.guess("06/faster", question, 1, 30, 0.5, "x", start=10)

# %% [markdown]
# ## 1. From the camera to the network
#
# A camera gives bytes, row by row, the colors of a pixel side by side: `(n, h, w, c)`. The network
# wants floats, one plane for each color: `(n, c, h, w)`, scaled to 0 .. 1, minus the mean, divided
# by the standard deviation.
#
# A trap for later: `permute` does not move the numbers, it only reads them in another order. A
# browser or a C program reads the memory in the order in which it was written. So the tensor must be
# **contiguous**.
#
# **Exercise 1** (core, 3 points, 10 minutes). Prepare photos, and refuse everything that is not a
# photo.


# %% tags=["exercise"]
def preprocess(photos, mean, std):
    """Turn photos as a camera gives them into the images that a network was trained on.

    photos: (n, h, w, c) uint8 tensor, 0 black and 255 white; n may be 0. It may be a part of a
        larger tensor, with gaps in memory. Do not change it.
    mean, std: lists of c floats, one for each channel, of brightness from 0 to 1.
    Returns: (n, c, h, w) float32 tensor, contiguous: (p / 255 - mean) / std.
    Raises: ValueError if photos are not uint8 (floats were divided already, int8 has no 255), or
        unless mean and std have c numbers each (torch would use one for all channels).
    """
    ### BEGIN SOLUTION
    if photos.dtype != torch.uint8:
        raise ValueError(f"photos must be uint8 as a camera gives them, got {photos.dtype}")
    if not len(mean) == len(std) == photos.shape[3]:
        raise ValueError(f"need {photos.shape[3]} means and stds, got {len(mean)} and {len(std)}")
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (mean, std))
    return ((photos.permute(0, 3, 1, 2).float() / 255 - mean) / std).contiguous()
    ### END SOLUTION


# %% tags=["check"]
preprocess = check(preprocess)

# %% [markdown]
# The parity check of your function: bytes go in, and the images that the network was trained on
# should come out.

# %% tags=["demo"]
camera = (brightness * 255).round().byte().permute(0, 2, 3, 1).contiguous()  # (n, 28, 28, 1)
ours = torch.as_tensor(preprocess(camera, [MEAN], [STD]))
print(f"{camera.dtype} {tuple(camera.shape)} -> {ours.dtype} {tuple(ours.shape)}")
print(f"largest difference from the training images: {(ours - validation.images).abs().max():.1e}")

# %% [markdown]
# Which mistakes are the dangerous ones? Here are more of them, with `slim` and with `slim int8`.
# Look at the pair of bars where the division by 255 is missing.

# %% tags=["demo"]
pixels = 255 * brightness
mistakes = {
    "none": ours,
    "mirrored": ours.flip(3),
    "rows and columns swapped": ours.mT.contiguous(),
    "not divided by 255": (pixels - MEAN) / STD,
    "divided by 255 twice": (brightness / 255 - MEAN) / STD,
}
shares = {}
for mistake, x in mistakes.items():
    for name in ("slim", "slim int8"):
        hits = run[name].run(x.numpy()).argmax(1) == validation.labels.numpy()
        shares[f"{mistake}, {'int8' if name == 'slim int8' else 'float32'}"] = 100 * hits.mean()
show.bars(
    shares,
    x="accuracy (%), 1,000 photos",
    reference=10,
    finding="A mirror image goes unnoticed. Bytes that were not divided ruin float32, and int8 hides the fault.",
)

# %% [markdown]
# We did not expect that. The int8 file begins with a **quantization grid** that ends at white, so
# numbers that are 255 times too large are all clipped to white: a silhouette, and the network still
# recognizes two silhouettes out of three. A pipeline that loses a quarter of its accuracy "because
# of quantization" may have a bug in its first line. So compare numbers, not accuracy, and compare
# float32 first.

# %% [markdown]
# ## 2. How long does it take?
#
# This question is harder than it seems. Here is how it is often asked: time one network 50 times,
# then the other 50 times, take the means, divide. To see what the answer is worth, we ask the
# question about two copies of the *same* file. The true ratio is 1. And because a phone has more to
# do than run our network, a neighbor works now and then: a thread that keeps the processor busy for
# some hundredths of a second.


# %% tags=["demo"]
class Neighbor(threading.Thread):
    """Sleeps and works in turn, for random times, until `busy` is set to False."""

    def __init__(self, seed=0):
        super().__init__(daemon=True)
        self.random, self.busy = random.Random(seed), True

    def run(self):
        while self.busy:
            time.sleep(self.random.uniform(0.005, 0.04))
            end = time.perf_counter() + self.random.uniform(0.002, 0.03)
            while time.perf_counter() < end:
                pass


def two_copies(file=run["slim int8"].path):
    """Two sessions of one file, ready to be called."""
    photo = image.numpy()
    sessions = {name: deploy.OnnxRunnable(file) for name in ("one", "the same")}
    return {name: lambda session=session: session.run(photo) for name, session in sessions.items()}


# %% tags=["demo"]
def one_after_the_other(contestants, rounds):
    """The wrong way: all of one, then all of the other, the first call counted, the mean."""
    means = []
    for call in contestants.values():
        begin = time.perf_counter()
        for _ in range(rounds):
            call()
        means.append(1000 * (time.perf_counter() - begin) / rounds)
    return means[0] / means[1]


neighbor = Neighbor()
neighbor.start()
in_blocks = [one_after_the_other(two_copies(), 50) for _ in range(20)]
neighbor.busy = False
print(" ".join(f"{ratio:.2f}" for ratio in in_blocks))

# %% [markdown]
# These are twenty measurements of a ratio that is 1. Any of them, alone, could have become a
# sentence in a report. Three things are wrong:
#
# - **The first call is counted.** It reserves memory and fills caches.
# - **Blocks.** A disturbance in the first half of the measurement hits one copy alone.
# - **The mean.** One pause of 20 ms outweighs a hundred runs of 0.2 ms.
#
# So let both run once in each round, one first in the even rounds and the other first in the odd
# ones: what happens in a round happens to both. And look at the ratio within each round.

# %% [markdown]
# **Exercise 2** (core, 4 points, 15 minutes). Run the functions in turns. `clock` is an argument so
# that the check need not wait: it passes a clock that it moves itself.


# %% tags=["exercise"]
def interleave(contestants, rounds, clock=None):
    """Time functions in turns, so that a disturbance hits all alike.

    contestants: dict, name -> function without arguments. Do not change it.
    rounds: int, how often each is timed.
    clock: function that returns seconds, perhaps since weeks; time.perf_counter if it is None.
    Returns: dict, name -> (rounds,) float tensor of milliseconds, in the order of the rounds.
    Raises: ValueError if there is no function, or fewer than one round.

    First each function is called once in the order of the dict, to warm up; that call is not
    kept. Round r (from 0) begins with function number r modulo n, continues in the order of the
    dict, and after the last with the first. The clock is read directly before and directly after
    each call.
    """
    ### BEGIN SOLUTION
    if not contestants or rounds < 1:
        raise ValueError(f"need a contestant and a round, got {len(contestants)} and {rounds}")
    clock, names = clock or time.perf_counter, list(contestants)
    samples = {name: [] for name in names}
    for call in contestants.values():
        call()
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            begin = clock()
            contestants[name]()
            samples[name].append(1000 * (clock() - begin))
    return {name: torch.tensor(values) for name, values in samples.items()}
    ### END SOLUTION


# %% tags=["check"]
interleave = check(interleave)

# %% [markdown]
# Now the ratio, and how sure we may be of it. The **median** ignores pauses: half of the rounds
# have a smaller ratio, half a larger one. Its **confidence interval** needs no bell curve, only
# coins. Whatever the ratios are like, each round lies below the true median with a chance of one
# half. So the number of rounds below it behaves like the number of heads in *n* tosses of a fair
# coin. It is almost never (at most 2.5 times in 100) smaller than some *k*: *k* is 1 for 6 tosses,
# 18 for 50, and 63 for 150. Sort the ratios: the true median lies between the *k*-th from below and
# the *k*-th from above. Values picked by their place in sorted order are called **order
# statistics**.
#
# **Exercise 3** (core, 3 points, 15 minutes). The median ratio and its interval.


# %% tags=["exercise"]
def ratio_interval(a_ms, b_ms):
    """Return how many times as long a takes as b: the median ratio and its 95 % interval.

    a_ms, b_ms: (n,) float tensors above 0, the times of both in the same n rounds, perhaps
        thousands. Do not change them.
    Returns: tuple (ratio, low, high) of floats or 0-d tensors. ratio: the median of a / b, round
        by round; of an even number the mean of the two in the middle (torch.median takes the
        lower one). low, high: the k-th smallest and the k-th largest of the ratios, counted from
        1, where k is the largest number for which n tosses of a fair coin give fewer than k heads
        with a chance of at most 2.5 %.
    Raises: ValueError for fewer than 6 rounds (k would be 0), or if the lengths differ.
    """
    ### BEGIN SOLUTION
    n = len(a_ms)
    if n < 6 or len(b_ms) != n:
        raise ValueError(f"need 6 rounds or more of both, got {n} and {len(b_ms)}")
    ratios = (a_ms.double() / b_ms.double()).sort().values
    fewer, k = 1, 0
    while 40 * fewer <= 2**n:
        k += 1
        fewer += math.comb(n, k)
    return torch.quantile(ratios, 0.5).item(), ratios[k - 1].item(), ratios[-k].item()
    ### END SOLUTION


# %% tags=["check"]
ratio_interval = check(ratio_interval)

# %% [markdown]
# We repeat the twenty experiments, with the same neighbor and as many calls.

# %% tags=["demo"]
neighbor = Neighbor()
neighbor.start()
in_turns = []
for _ in range(20):
    samples = interleave(two_copies(), 50)
    one, other = (torch.as_tensor(samples[name]) for name in ("one", "the same"))
    in_turns.append(tuple(map(float, ratio_interval(one, other))))
neighbor.busy = False
inside = sum(low <= 1 <= high for _, low, high in in_turns)
show.ratios(
    {"blocks, means": [(ratio,) * 3 for ratio in in_blocks], "in turns, medians": in_turns},
    x="a file against itself: time of one divided by the time of the other, twenty times",
    controls=["blocks, means"],
    finding=f"The true ratio is 1. In turns, {inside} of 20 intervals include it; 95 % would be 19.",
)

# %% [markdown]
# This **null control**, a thing against itself, is the cheapest test of any measurement. If its
# interval does not include 1, do not believe the other results of the measurement either.
#
# ## The runtime is the first gain
#
# Now the question itself: one photo, one thread. torch gets a row of its own, because it runs the
# same float32 network with other code. A second copy of `large` is the null control, and `nano` is
# a network of 1,838 parameters.

# %% tags=["demo"]
run["large int8"] = deploy.int8_runnable(large, None, calibration, name="large int8")
run["large, again"] = deploy.OnnxRunnable(run["large"].path)
nano = zoo.load("fashion_nano")
run["nano int8"] = deploy.int8_runnable(nano, None, calibration, name="nano int8")
photo = image.numpy()
contestants = {name: lambda one=one: one.run(photo) for name, one in run.items()}


@torch.no_grad()
def in_torch():
    return large(image)


samples = interleave({"large in torch": in_torch} | contestants, 150)
times = {name: torch.as_tensor(values) for name, values in samples.items()}

# %% tags=["demo"]
order = ["large in torch", "large", "large int8", "slim", "slim int8", "nano int8"]
show.latencies(
    {name: times[name] for name in order},
    {name: np.percentile(times[name], (50, 95, 99)) for name in order},
    controls=["large in torch"],
    finding="Each dot is one run, each row one file. The first two rows compute the same numbers.",
)

# %% [markdown]
# The weights are the same, the answers differ by a millionth, and the runtime needs a fraction of
# torch's time. It has folded the batch-norm layers into the convolutions and planned its memory
# beforehand, and it does not return to Python between two layers. That is why a compressed network
# must be compared *in the same runtime*: otherwise the runtime's gain is taken for the
# compression's. The next figure does so.

# %% tags=["demo"]
names = ["large, again", "large int8", "slim", "slim int8", "nano int8"]
crowd = {name: tuple(map(float, ratio_interval(times["large"], times[name]))) for name in names}
show.ratios(
    {name: [interval] for name, interval in crowd.items()},
    x="times faster than large, seven models under test in turns",
    controls=["large, again"],
    finding=f"The null control, large against itself, says {crowd['large, again'][0]:.2f}.",
)

# %% [markdown]
# Look at the first row. In the runs while this lab was made it said between 1.05 and 1.3, mostly
# with an interval that did not include 1: the same file was faster than itself. We did not plan
# this. Every model had every *position* in a round, but not every *predecessor*: the order rotates,
# so `large` always runs right after torch, which has just filled the processor's caches with its own
# 11 MB, and `large, again` runs after a small file. If that is the reason, the ratio must turn
# around when the two change places.

# %% tags=["demo"]
cycle = ["large, again", "slim", "slim int8", "large int8", "large", "nano int8"]
samples = interleave({"in torch": in_torch} | {name: contestants[name] for name in cycle}, 150)
swapped = ratio_interval(*(torch.as_tensor(samples[name]) for name in ("large", "large, again")))
print("torch before large:        {:.2f} [{:.2f}, {:.2f}]".format(*crowd["large, again"]))
print("torch before large, again: {:.2f} [{:.2f}, {:.2f}]".format(*map(float, swapped)))

# %% [markdown]
# In the same runs it then said between 0.8 and 0.96: below 1, and farther from 1 the busier the
# computer was. With two models under test the turns are a b b a a b b a, and each follows itself as
# often as the other. So we measure in pairs, without torch. (To shuffle each round is the other
# remedy; the scorecard near the end does that.)
#
# What int8 adds to pruning is a pair too, `slim` and `slim int8`: two rows of the picture were
# measured at different moments, and comparing rows would be comparing blocks.


# %% tags=["demo"]
def in_pairs(one, other, rounds=300):
    """How many times faster the other file is than this one: median and interval."""
    pair = interleave({one: contestants[one], other: contestants[other]}, rounds)
    return tuple(map(float, ratio_interval(*(torch.as_tensor(ms) for ms in pair.values()))))


def verdict(low, high):
    return "faster" if low > 1 else "slower" if high < 1 else "neither faster nor slower"


faster = {name: in_pairs("large", name) for name in names}
added, low, high = faster["slim int8 against slim"] = in_pairs("slim", "slim int8")
show.ratios(
    {name: [interval] for name, interval in faster.items()},
    x="times faster than large (last row: than slim), in pairs, in ONNX Runtime",
    controls=["large, again"],
    finding=f"int8 makes slim {verdict(low, high)} here: {added:.2f} times [{low:.2f}, {high:.2f}].",
)

# %% tags=["demo"]
null = faster["large, again"]
print(
    "The null control {:.2f} [{:.2f}, {:.2f}] includes 1: the other rows may be believed.".format(
        *null
    )
    if null[1] <= 1 <= null[2]
    else "The null control {:.2f} [{:.2f}, {:.2f}] does not include 1: run the cell above again.".format(
        *null
    )
)

# %% [markdown]
# Your guess was about `slim int8`:

# %% tags=["demo"]
speed_guess.reveal(faster["slim int8"][0])

# %% [markdown]
# When this lab was built, on a computer with much else to do, `slim int8` was 4 to 6 times as fast
# as `large`: not 28 times as its bytes promise, and not 4.1 times 2.5, the product of its
# multiplications and the gain of int8. The row of `nano` shows the reason. `nano` computes a
# hundredth of the multiplications and is not a hundred times faster. Every operation costs some
# microseconds before it multiplies anything. The smaller the network, the more of its time is this
# floor, and the less any compression can save. Other processors have other factors; on one without
# int8 instructions the int8 rows may even lose to the float32 ones.
#
# The same floor as a rate: the smaller the network, the fewer of its multiplications the processor
# completes in a second.

# %% tags=["demo"]
for name in ("large", "large int8", "slim int8", "nano int8"):
    median = times[name].median().item()
    rate = run[name].macs / median / 1e6
    print(f"{name:10} {run[name].macs / 1e6:6.2f} M multiplications, {rate:6.2f} G a second")

# %% [markdown]
# ## 3. What does the small file know?
#
# Bytes and time are worth nothing if the answers are wrong. Here are three seeds and all 10,000 test
# images; the int8 files were calibrated on 512 training images each.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {"large": zoo.record("fashion_large"), "slim": zoo.record("fashion_large_slim4")}
runs["slim int8"] = zoo.record("fashion_large_slim4_int8")
for name, one in runs.items():
    print(
        f"{name:10} {one.size_bytes[0]:10,} bytes, accuracy {one.mean_test:.2f} % ({len(one.test)} seeds)"
    )
small = runs["slim int8"]
lost = sum(runs["large"].test[: len(small.test)]) / len(small.test) - small.mean_test
fewer = runs["large"].size_bytes[0] / small.size_bytes[0]
print(f"pruned and int8: {fewer:.0f}x fewer bytes for {lost:.2f} percentage points")

# %% tags=["demo"] id="headline"
chart = show.seeds(
    {name: one.test for name, one in runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{one.size_bytes[0] / 1e6:.2f} MB" for name, one in runs.items()},
    tolerance=0.5,
    finding="The accuracy that is lost was lost to pruning. int8 costs nothing that three seeds show.",
)
chart.axes[0].set_xlim(left=93.55)
chart

# %% [markdown]
# (The zoo stores float32 networks as .safetensors. As .onnx, like the int8 file, `large` has
# 11,052,242 bytes, and the factor is the same.)
#
# Accuracy hides exchanges: ten images lost, ten others gained. So ask how often the int8 file
# predicts the *same* class as the float32 file, and compare with controls: one scale for each
# weight tensor instead of one for each channel, and ranges measured on pictures unlike the later
# ones. Decide which of them hurts before you look.

# %% tags=["demo"]
noise = torch.randn(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
kinds = {
    "512 photos": {"calibration": calibration},
    "512 photos, one scale per tensor": {"calibration": calibration, "per_channel": False},
    "one photo": {"calibration": calibration[:1]},
    "64 pictures of noise": {"calibration": noise},
    "512 photos, mean, std forgotten": {"calibration": calibration * STD + MEAN},
}
floats = run["slim"].run(ours.numpy())
same = {}
for kind, how in kinds.items():
    file = my_work() / "onnx" / "try.onnx"
    deploy.to_int8_onnx(run["slim"].path, None, file, **how)
    found = deploy.OnnxRunnable(file).run(ours.numpy())
    same[kind] = 100 * (found.argmax(1) == floats.argmax(1)).mean()

# %% tags=["demo"]
show.bars(
    same,
    x="same class as the float32 file (%), 1,000 photos",
    finding="Even noise will do. Photos prepared in another way will not: values outside the ranges are clipped.",
)

# %% [markdown]
# Textbooks insist on representative images for calibration, and here a single one is almost enough:
# it changes ten answers of 1,000, and 512 images change one. What does hurt is the mistake from the
# beginning of this lab, made in another place: ranges from 0 to 1, where the inputs reach from -0.8
# to 2. Again there is no error message. (A network for a harder task tolerates less: lab 02 shows
# one.)

# %% [markdown]
# ## 4. Memory, byte by byte
#
# While a network runs, each operation reads tensors and writes one. A large runtime asks the system
# for memory as it goes. A small one gets one block, the **arena**, and every tensor a fixed place
# in it, before anything runs. Two tensors may share bytes if they are never needed at the same
# time. (A tensor that a **residual shortcut** adds later is needed until then.)
#
# Which plan needs the smallest block? No fast method is known that always finds it; the problem is
# NP-hard. A simple rule does well: largest first, each at the lowest place that is free during its
# whole life.
#
# **Exercise 4** (core, 4 points, 20 minutes). Plan an arena.


# %% tags=["exercise"]
def arena_plan(tensors):
    """Return a place for every tensor in one block of memory.

    tensors: list of (name, size_bytes, first, last): alive from step first to step last, both
        included. It may be empty. Do not change it.
    Returns: dict, name -> offset in bytes, an integer from 0. No two tensors that are alive at
        the same step share a byte. The block is no larger than with the rule: the largest
        tensor first, equal ones in the order of the list, each at the lowest offset at which it
        is free of the tensors already placed.
    """
    ### BEGIN SOLUTION
    offsets = {}
    for name, size, first, last in sorted(tensors, key=lambda tensor: -tensor[1]):
        taken = [
            (offsets[other], offsets[other] + bytes_of)
            for other, bytes_of, begin, end in tensors
            if other in offsets and begin <= last and first <= end
        ]
        offset = 0
        for low, high in sorted(taken):
            if offset + size <= low:
                break
            offset = max(offset, high)
        offsets[name] = offset
    return offsets
    ### END SOLUTION


# %% tags=["check"]
arena_plan = check(arena_plan)

# %% [markdown]
# Here are the tensors of `slim int8`, read from its file, and where your plan puts them. (An
# addition writes over one of its operands, so the two share a box.)

# %% tags=["demo"]
network = mcu.IntegerNetwork.from_onnx(run["slim int8"].path)
tensors, bound = list(network.arena.tensors), network.arena.lower_bound
plan = {name: int(offset) for name, offset in arena_plan(tensors).items()}
show.arena(
    tensors,
    plan,
    bound=bound,
    finding="Three tensors at the beginning decide the size: hatched boxes are alive at the fullest moment.",
)

# %% [markdown]
# The first four operations, where the image is still wide, need most of the memory; later ones need
# at most two fifths of it. For the weights it is the other way around: most of them belong to the
# last layers. If you are short of RAM, narrow the early layers; if you are short of flash, the late
# ones.
#
# The line is a lower bound: the bytes that are alive together at the fullest step. Your plan
# reaches it, so no plan is better. Move the slider through the operations. Here the hatched box is
# the tensor that the operation writes; blue boxes are kept meanwhile.


# %% tags=["demo"]
def at_operation(axes, operation):
    show.arena_at(axes, tensors, plan, operation)


steps = list(range(max(last for *_, last in tensors) + 1))
show.slider_figure(at_operation, steps, "operation", static=[2, 7, 13], height=3.0)

# %% [markdown]
# Does the rule matter? Here are controls: no sharing at all, the tensors in the order in which they
# are written, the smallest first, and 100 random orders.

# %% tags=["demo"]
unshared = sum(size for _, size, *_ in tensors)


def peak(order):
    """Bytes of the block if tensors are placed in this order: a board of operations times bytes."""
    board = np.zeros((len(steps), unshared), dtype=bool)
    for _, size, first, last in order:
        used = np.concatenate([[0], board[first : last + 1].any(0).cumsum()])
        place = int((used[size:] == used[:-size]).argmax())  # the first run of free bytes
        board[first : last + 1, place : place + size] = True
    return int(board.any(0).nonzero()[0].max()) + 1


orders = random.Random(0)
at_random = sorted(peak(orders.sample(tensors, len(tensors))) for _ in range(100))
needed = {
    "no sharing": unshared,
    "at random, the worst of 100": at_random[-1],
    "in the order they are written": peak(tensors),
    "smallest first": peak(sorted(tensors, key=lambda tensor: tensor[1])),
    "at random, the median": at_random[50],
    "yours": max(plan[name] + size for name, size, *_ in tensors),
}

# %% tags=["demo"]
show.bars(
    {name: size / 1000 for name, size in needed.items()},
    x="memory for activations (kB)",
    reference=bound / 1000,
    finding="Sharing halves the block. Largest first reaches the bound (dashed), and so do most random orders.",
)

# %% [markdown]
# Sharing is worth a factor of two. For this network most random orders are as good as the best
# rule. The rule pays in networks with many tensors of many sizes; the check contains one with
# sixty.

# %% tags=["demo"]
print(
    f"your plan: {needed['yours']:,} bytes; the scorecard's count: {run['slim int8'].peak_activation_bytes:,}"
)
print(f"the same network in float32 needs {run['slim'].peak_activation_bytes:,}")

# %% [markdown]
# Your plan and the scorecard agree on the number of bytes, although the scorecard counts without
# planning anything.
#
# ## What else is in memory?
#
# The activations take 19 kB and the weights 0.4 MB. How much memory does a fresh Python take that
# imports torch, answers one photo with `slim`, and does nothing else?

# %% tags=["demo"]
memory_guess = show.guess(
    "06/memory", "Memory of a process with torch", 0, 1000, 10, "MB", start=100
)

# %% tags=["demo"]
programs = {
    "Python and numpy": "import numpy",
    "ONNX Runtime, slim int8": f"""
import numpy, onnxruntime
session = onnxruntime.InferenceSession({str(run["slim int8"].path)!r})
session.run(None, {{"x": numpy.zeros((1, 1, 28, 28), "float32")}})""",
    "torch, slim": """
import torch
from utils.models import zoo
zoo.load("fashion_large_slim4")(torch.zeros(1, 1, 28, 28))""",
}
tell = "\nimport psutil; print(psutil.Process().memory_info().rss)"
megabytes = {}
for name, program in programs.items():
    done = subprocess.run(
        [sys.executable, "-c", program + tell], capture_output=True, text=True, check=True
    )
    megabytes[name] = int(done.stdout) / 1e6

# %% tags=["demo"]
show.bars(
    megabytes,
    x="memory of a fresh process after one photo (MB)",
    digits=0,
    finding="Leaving the training framework behind saves more memory than any compression of the weights.",
)

# %% [markdown]
# The networks of this lab are small next to the library that trained them.

# %% tags=["demo"]
memory_guess.reveal(megabytes["torch, slim"])

# %% [markdown]
# Most of the bar for ONNX Runtime is Python, numpy and the runtime's own code; the network is half
# a megabyte of it. A microcontroller has room for none of this. There the network becomes a program
# of its own: that is lab 07.

# %% [markdown]
# ## 5. On a page
#
# A browser runs ONNX files too, with onnxruntime-web: the same runtime compiled to WebAssembly, the
# format in which browsers run compiled programs. The next cell writes a folder with the page, the
# runtime, both networks and some photos, and serves it to this computer alone. Draw a garment or
# choose a photo: the first one is the T-shirt from above, and the page should give it the same
# probability. Nothing that you draw leaves the computer, and once the page is loaded, it needs no
# network connection. To see it again without the notebook: `python3 start.py page`.

# %% tags=["demo"]
page = browser.to_browser(
    {"large float32": run["large"].path, "slim int8": run["slim int8"].path},
    my_work() / "page",
    validation,
)
server = browser.serve(page)
browser.frame(server)

# %% tags=["demo"]
parts = sorted(path for path in page.rglob("*") if path.is_file())
for kind in ("runtime", "models"):
    files = [path for path in parts if path.parent.name == kind]
    print(f"{kind:8} {sum(path.stat().st_size for path in files):12,} bytes in {len(files)} files")

# %% [markdown]
# Look at the sizes: the runtime is almost ten times as large as `slim int8`. It is loaded once and
# then stays in the browser's cache, as a phone has its runtime installed. For a single small
# network it is the largest part of what you ship. The page measures times too, and its factor
# differs from yours above: WebAssembly is other code for the same operations.
#
# The page prepares a photo in JavaScript, with other code than your function. A parity check shows
# whether both agree: the course's tests open this page in a browser without a window and compare
# its answers with Python's on 1,000 photos. (The server stops with this notebook's kernel, or with
# `server.stop()`.)

# %% [markdown]
# ## The scorecard
#
# Here are the files as they ship, all in ONNX Runtime and as .onnx: bytes, MACs, memory, time on
# this computer, energy, carbon and cloud cost (lab 00 explains how far to trust the model behind
# the energy). Accuracy is taken on 2,000 test images, where differences below half a percentage
# point are noise; the figures over three seeds above are the ones to quote.

# %% tags=["demo"] id="scorecard"
test = fashion_mnist("test", 2000)
ships = {name: run[name] for name in ("large", "large int8", "slim", "slim int8", "nano int8")}
timings = measure.latency(ships, image, budget_s=3)
energies = measure.energy(ships, image)
cards = []
for name, one in ships.items():
    card = measure.scorecard(one, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards[:4])

# %% [markdown]
# **Energy**: int8 moves a quarter of the bytes. The weights of `slim int8` also fit into 1 MB of
# memory on the chip, which takes a twentieth of the energy of memory outside (a thirteenth to a
# twenty-sixth) in the energy model; a real chip has such a step too, but nobody can say here at
# which size. So look at the range of each energy, not at one factor. **Real time**: look at the
# tail, not only at the median. **Cost**: a million images for almost nothing, or for nothing where
# the user's own device computes. In the picture below `nano int8` joins them, and you see what a
# percentage point of accuracy costs.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Here are two small tools that every deployment needs, both optional.
#
# **Exercise 5** (extra, 2 points, 10 minutes). Calibration wants images drawn from the whole set,
# in batches, and the same ones again for the same seed: otherwise two files made in the same way
# would differ.


# %% tags=["exercise"]
def calibration_batches(images, count, batch_size, seed):
    """Draw images at random from the whole set, in batches.

    images: (n, ...) tensor. Do not change it.
    count: how many different images to draw.
    batch_size: the images of a batch; the last one may have fewer.
    seed: int; the same seed gives the same batches, another seed others.
    Returns: list of tensors (batch, ...) with the axes of the images. The global random state of
        torch, numpy and Python stays as it was.
    Raises: ValueError unless 1 <= count <= n and batch_size >= 1.
    """
    ### BEGIN SOLUTION
    if not 1 <= count <= len(images) or batch_size < 1:
        raise ValueError(f"can't draw {count} of {len(images)} images in batches of {batch_size}")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    return list(images[order[:count]].split(batch_size))
    ### END SOLUTION


# %% tags=["check"]
calibration_batches = check(calibration_batches)

# %% tags=["demo"]
digests = []
for seed in (0, 0, 1):
    batches = calibration_batches(calibration, 100, 32, seed)
    drawn = torch.cat([torch.as_tensor(batch) for batch in batches])
    size = deploy.to_int8_onnx(run["slim"].path, None, file, drawn)
    digests.append((size, hash(file.read_bytes())))
print(f"same seed, same file: {digests[0] == digests[1]}; another seed: {digests[0] == digests[2]}")

# %% [markdown]
# **Exercise 6** (extra, 2 points, 10 minutes). The parity check as a function. Its traps: codes of
# uint8, where 3 - 250 is 9; shapes that torch would broadcast; and NaN, which passes every
# comparison with a tolerance, because no comparison with NaN is true.


# %% tags=["exercise"]
def largest_difference(expected, found):
    """Return how far two results are from each other at the worst place.

    expected, found: tensors of one shape and dtype: floats, perhaps infinite or NaN, or small
        integers (uint8, int8). They may be empty. Do not change them.
    Returns: float or 0-d tensor: the largest magnitude of a difference, however small; 0.0 for
        empty tensors. Equal infinities do not differ, opposite ones do. A NaN on either side, or
        on both, is infinitely far: float("inf").
    Raises: ValueError if the shapes differ, also if one or both are empty.
    """
    ### BEGIN SOLUTION
    if expected.shape != found.shape:
        raise ValueError(f"shapes differ: {tuple(expected.shape)} and {tuple(found.shape)}")
    a, b = expected.double(), found.double()
    apart = torch.where(a == b, 0.0, (a - b).abs()).nan_to_num(nan=math.inf, posinf=math.inf)
    return apart.max().item() if apart.numel() else 0.0
    ### END SOLUTION


# %% tags=["check"]
largest_difference = check(largest_difference)

# %% tags=["demo"]
eight = ours[:8]
with torch.no_grad():
    logits = slim(eight)
for name in ("slim", "slim int8"):
    found = torch.from_numpy(run[name].run(eight.numpy()))
    print(f"torch against {name:10} {largest_difference(logits, found):.6f}")
codes = network.codes(eight.numpy())
pixels_of = torch.from_numpy(codes[:, 0])
print(
    f"codes of the input against the camera's bytes: {largest_difference(pixels_of, camera[:8, ..., 0]):.0f}"
)

# %% [markdown]
# The last line is worth a second look: the code of a pixel *is* the byte that the camera gave. Mean
# and standard deviation cancel against scale and zero point. A device can pass its bytes to the
# network as they are, and the line that went wrong at the beginning of this lab need not be written
# at all.

# %% [markdown]
# ## Open challenge: the smallest file
#
# Make the smallest .onnx file that loses at most **0.5 percentage points** of the accuracy of
# `large` on the 10,000 validation images. Below is a first step, post-training quantization of
# `slim` with one scale for each weight tensor; its size is the line to beat. Prune further (lab
# 01), distill (lab 03), use quantization-aware training (lab 02), share scales: the file is the
# answer.

# %% tags=["demo"]
mine = my_work() / "06_challenge.onnx"
deploy.to_int8_onnx(slim, None, mine, calibration, per_channel=False)  # yours: another network


def try_file(path):
    """Print what counts: bytes, points lost, whether they are within the limit."""
    whole, one = fashion_mnist("validation"), deploy.OnnxRunnable(path)
    logits = np.concatenate([one.run(batch.numpy()) for batch in whole.images.split(500)])
    right = measure.accuracy(logits, whole.labels.numpy())
    points = zoo.record("fashion_large").validation[0] - right
    limit = "within the limit" if points <= 0.5 else "OVER the limit"
    print(f"{one.size_bytes:,} bytes, {points:+.2f} percentage points lost, {limit}")
    keep_best(path, -one.size_bytes, within=points <= 0.5)


print(f"line to beat: {mine.stat().st_size:,} bytes")
try_file(mine)

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - moved a network out of Python, and seen that its answers change with other preprocessing, not
#   with another runtime;
# - measured times in turns, with a median, an interval and a null control, and found less gain than
#   the bytes promise;
# - planned memory by lifetimes down to the lower bound, and shown the network on a page that
#   computes without a server.
#
# **Limits.** Times are those of this computer and one thread; a phone has another processor, and
# its runtime has other code for each operation. Rounds that follow each other are not quite
# independent, so the intervals are a little too narrow. Images of 28x28 pixels forgive much,
# calibration included. The arena counts activations, neither the working memory of an operation nor
# the runtime itself.
#
# **Papers.** Jacob et al. 2018 (arXiv 1712.05877); Pisarchyk and Lee 2020 (2001.03288); David et
# al. 2021, TensorFlow Lite Micro (2010.08678); Georges, Buytaert and Eeckhout 2007 (OOPSLA), on
# timing; Hahn and Meeker 1991, Statistical Intervals, on order statistics.
#
# Next: **lab 07, the microcontroller**. No runtime at all: the network becomes C.
