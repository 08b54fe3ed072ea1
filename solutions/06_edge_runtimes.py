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
# **The network of labs 01 and 02 leaves Python: pruned, in int8, a file of 395 kB in place of 11 MB, at a
# loss of about 0.3 point, on a web page that computes in the browser and sends nothing anywhere.** You will
# prepare photos so that a runtime gets what the network was trained on, measure times so that they mean
# something, and plan memory byte by byte.
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
# A trained network is a file of numbers. A **runtime** reads the file and computes, without Python, without
# torch: ONNX Runtime on a phone or a server, its WebAssembly version in a browser. This lab runs `large`, the
# network of lab 01; `slim`, the same pruned to a seventh; and both in int8, whose ranges are measured on 512
# training photos (*calibration*). Below is one T-shirt, and what `slim` says of it three times. Only the line
# that turns bytes into numbers differs.

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
said = {how: torch.from_numpy(run["slim"].run(x.numpy())) for how, x in prepared.items()}
shown = 3
show.answers(
    validation.images[shown],
    {how: logits[shown].softmax(0) for how, logits in said.items()},
    classes,
    label=int(validation.labels[shown]),
    finding="The same file, the same photo. No error, no warning, and the last answer is the surest.",
)

# %% tags=["demo"]
right = {how: 100 * (x.argmax(1) == validation.labels).float().mean() for how, x in said.items()}
show.bars(
    {how: share.item() for how, share in right.items()},
    x="right (%) of 1,000 photos",
    reference=10,
    finding="Forgotten numbers cost half of the accuracy, a second division all. Dashed: guessing.",
)

# %% [markdown]
# The file was never wrong, and nothing says so. That is the usual way in which a deployed network fails: it
# gets other numbers than in training, and answers. One line would have caught both, the **parity check**: the same
# photos through the old path and the new one, and the largest difference of any number in the answers.

# %% tags=["demo"]
with torch.no_grad():
    expected = slim(validation.images[:8])
for how, logits in said.items():
    print(f"{how:22} largest difference {(logits[:8] - expected).abs().max():10.6f}")

# %% [markdown]
# A millionth is rounding: the same sums in another order. Anything else is a bug. Why go through this
# at all?
#
# - **Energy.** A runtime fuses layers, so that numbers are moved less; in int8 each has a quarter of the bytes.
# - **Real time.** The same file answers several times as fast as in torch, before anything is compressed.
# - **Low cost.** What runs on the user's own device costs no server, and nothing leaves the device.

# %% [markdown]
# ## Predict
#
# `slim int8` has 28 times fewer bytes than `large` and does 4.1 times fewer multiplications, each of them on
# bytes. In the same runtime, on one thread, one photo at a time: how many times faster is it? Commit to a guess.

# %% tags=["demo"]
question = "Times faster than large, in the same runtime"
speed_guess = show.guess("06/faster", question, 1, 30, 0.5, "x", start=10)

# %% [markdown]
# ## 1. From the camera to the network
#
# A camera gives bytes, row by row, the colours of a pixel side by side: `(n, h, w, c)`. The network wants floats,
# one plane for each colour: `(n, c, h, w)`, from 0 to 1, less the mean, over the standard deviation.
#
# A trap for later: `permute` moves no number, it only walks through them in another order. A browser or a C
# program that gets the memory as it lies does not know of that. So the tensor must be **contiguous**.
#
# **Exercise 1** (core, 3 points, 10 minutes). Prepare photos, and refuse what is none.


# %% tags=["exercise"]
def preprocess(photos, mean, std):
    """Photos as a camera gives them -> what a network was trained on.

    photos: (n, h, w, c) uint8 tensor, 0 black and 255 white; n may be 0. It may be a part of a
        larger tensor, with gaps in memory. Do not change it.
    mean, std: lists of c floats, one for each channel, of brightness from 0 to 1.
    Returns: (n, c, h, w) float32 tensor, contiguous: (p / 255 - mean) / std.
    Raises: ValueError if photos are not uint8 (somebody has divided them already), or unless
        mean and std have c numbers each (torch would use one for all channels).

    Steps: refuse; permute; floats; divide by 255; give mean and std a shape that belongs to
        axis 1; normalise; make contiguous.
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
# The parity check of your function: bytes in, the numbers of the training out.

# %% tags=["demo"]
camera = (brightness * 255).round().byte().permute(0, 2, 3, 1).contiguous()  # (n, 28, 28, 1)
ours = torch.as_tensor(preprocess(camera, [MEAN], [STD]))
print(f"{camera.dtype} {tuple(camera.shape)} -> {ours.dtype} {tuple(ours.shape)}")
print(f"largest difference to the training's numbers: {(ours - validation.images).abs().max():.1e}")

# %% [markdown]
# Which mistakes are the dangerous ones? Here are more of them, in both files. Look at the pair of bars where
# the division by 255 is missing.

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
    x="right (%) of 1,000 photos",
    reference=10,
    finding="A mirror image goes unnoticed. Bytes that were not divided ruin float32, and int8 hides it.",
)

# %% [markdown]
# We did not expect that. The int8 file begins with a grid that ends at white, so numbers that are
# 255 times too large all become white: a silhouette, and of silhouettes the network still knows two of three.
# A pipeline that gets 69 % "because of quantization" may have a bug in its first line. So compare numbers, not accuracy, and
# compare float32 first.

# %% [markdown]
# ## 2. How long does it take?
#
# A harder question than it seems. Here is how it is often asked: time one network 50 times, then the other 50
# times, take the means, divide. To see what that is worth, we ask it of two copies of the *same* file. The
# true answer is 1. And because a phone has more to do than our network, a neighbour works now and then: a
# thread that keeps the processor busy for some hundredths of a second.


# %% tags=["demo"]
class Neighbour(threading.Thread):
    """Sleeps and works by turns, by lot, until `busy` is taken away."""

    def __init__(self, seed=0):
        super().__init__(daemon=True)
        self.lot, self.busy = random.Random(seed), True

    def run(self):
        while self.busy:
            time.sleep(self.lot.uniform(0.005, 0.04))
            end = time.perf_counter() + self.lot.uniform(0.002, 0.03)
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


neighbour = Neighbour()
neighbour.start()
in_blocks = [one_after_the_other(two_copies(), 50) for _ in range(20)]
neighbour.busy = False
print(" ".join(f"{ratio:.2f}" for ratio in in_blocks))

# %% [markdown]
# Twenty measurements of a ratio that is 1. Any of them, alone, would have become a sentence in a report. Three things
# are wrong:
#
# - **The first call is counted.** It reserves memory and fills caches.
# - **Blocks.** What disturbs the first half of the measurement disturbs one contestant alone.
# - **The mean.** One pause of 20 ms outweighs a hundred runs of 0.2 ms.
#
# So let both run once in each round, one beginning the even rounds and the other the odd ones: what
# happens in a round happens to both. And look at the ratio within each round.

# %% [markdown]
# **Exercise 2** (core, 4 points, 15 minutes). Run the contestants in turns. `clock` is there so that this can
# be checked without waiting: a clock that someone else moves.


# %% tags=["exercise"]
def interleave(contestants, rounds, clock=None):
    """Time contestants in turns, so that a disturbance hits all alike.

    contestants: dict, name -> function without arguments. Do not change it.
    rounds: int, how often each is timed.
    clock: function that gives seconds; time.perf_counter if it is None.
    Returns: dict, name -> (rounds,) float tensor of milliseconds, in the order of the rounds.
    Raises: ValueError if there is no contestant, or less than one round.

    Steps: refuse. One call of each in the order of the dict, to warm up, not kept. Then in round r
        (from 0) begin with contestant number r modulo n, go on with the next ones in the order
        of the dict, and after the last with the first. Read the clock directly before and after each
        call; keep the difference as a Python number (float32 has not enough digits for the time
        of a clock that has run for weeks); make tensors last.
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
# Now the ratio, and how sure we may be of it. The **median** ignores pauses: half of the rounds have a smaller
# ratio, half a larger one. Its interval needs no bell curve, only coins. Whatever the ratios are like, each
# round lies below the true median with a chance of one half. So the number of rounds below it is that of heads
# in *n* tosses, and hardly ever (2.5 times in 100, at most) under some *k*: 1 of 6 tosses, 18 of 50, 63 of 150.
# Sort the ratios: the true median lies between the *k*-th from below and the *k*-th from above.
#
# **Exercise 3** (core, 3 points, 15 minutes). The median ratio and its interval.


# %% tags=["exercise"]
def ratio_interval(a_ms, b_ms):
    """How many times as long a takes as b: the median over the rounds, and its 95 % interval.

    a_ms, b_ms: (n,) float tensors above 0, the times of both in the same n rounds. Do not change them.
    Returns: tuple (ratio, low, high) of floats or 0-d tensors. ratio: the median of a / b, round by
        round; of an even number the mean of the two in the middle (torch.median takes the lower one).
        low, high: the k-th smallest and the k-th largest of the ratios, counted from 1, where k is
        the largest number for which n tosses of a fair coin give fewer than k heads with a chance of
        at most 2.5 %.
    Raises: ValueError for fewer than 6 rounds (k would be 0), or if the lengths differ.

    Steps: refuse; ratios, sorted; count up k while math.comb(n, 0) + ... + math.comb(n, k) is at
        most 2.5 % of 2**n, so 40 times the sum at most 2**n (in whole numbers: for many rounds
        0.5**n is 0, and 2**n too large for a float); pick.
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
# The same twenty experiments, the same neighbour, as many calls.

# %% tags=["demo"]
neighbour = Neighbour()
neighbour.start()
in_turns = []
for _ in range(20):
    samples = interleave(two_copies(), 50)
    one, other = (torch.as_tensor(samples[name]) for name in ("one", "the same"))
    in_turns.append(tuple(map(float, ratio_interval(one, other))))
neighbour.busy = False
held = sum(low <= 1 <= high for _, low, high in in_turns)
show.ratios(
    {"blocks, means": [(ratio,) * 3 for ratio in in_blocks], "in turns, medians": in_turns},
    x="a file against itself: time of one over the time of the other, twenty times",
    controls=["blocks, means"],
    finding=f"The true ratio is 1. In turns, {held} of 20 intervals hold it; 19 is what 95 % promises.",
)

# %% [markdown]
# This **null control**, a thing against itself, is the cheapest test of any measurement: if it does not say 1,
# nothing else that it says counts.
#
# ## The runtime is the first gain
#
# Now the question itself: one photo, one thread. A row of its own for torch, because it runs the same float32
# network by other means, a second copy of `large` as the null control, and `nano`, a network of 1,838 parameters.

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
# The same weights, answers that differ by a millionth, and the runtime needs a fraction of torch's time, here
# less than a third: it has folded the batch norms into the convolutions, planned its memory beforehand and asks
# Python nothing in between.
# That is why a compressed network must be compared **in the same runtime**: else the runtime's gain is taken for
# the compression's. So:

# %% tags=["demo"]
names = ["large, again", "large int8", "slim", "slim int8", "nano int8"]
crowd = {name: tuple(map(float, ratio_interval(times["large"], times[name]))) for name in names}
show.ratios(
    {name: [interval] for name, interval in crowd.items()},
    x="times faster than large, seven contestants in turns",
    controls=["large, again"],
    finding=f"The null control, large against itself, says {crowd['large, again'][0]:.2f}.",
)

# %% [markdown]
# Look at the first row. In every run while this lab was made it said between 1.1 and 1.3, with an interval that did not
# hold 1: the same file was faster than itself. That was no plan of ours. We had given everybody every *place* in a round,
# but not every
# *predecessor*: in turns the order goes round like a clock, so `large` always runs right after torch, which has just
# filled the processor's caches with its own 11 MB, and `large, again` after a small file. If that is the reason, the
# ratio must turn over when the two change places.

# %% tags=["demo"]
clock = ["large, again", "slim", "slim int8", "large int8", "large", "nano int8"]
samples = interleave({"in torch": in_torch} | {name: contestants[name] for name in clock}, 150)
swapped = ratio_interval(*(torch.as_tensor(samples[name]) for name in ("large", "large, again")))
print("torch before large:        {:.2f} [{:.2f}, {:.2f}]".format(*crowd["large, again"]))
print("torch before large, again: {:.2f} [{:.2f}, {:.2f}]".format(*map(float, swapped)))

# %% [markdown]
# It does: below 1 in each of the same runs, from 0.8 to 0.96, farther off the busier the computer was. With two
# contestants the turns are a b b a a b b a, and each follows itself as often as the other. So: in pairs, without
# torch. (To shuffle each round is the other remedy; the scorecard, the table near the end, does that.)


# %% tags=["demo"]
def against_large(name, rounds=300):
    pair = interleave({"large": contestants["large"], name: contestants[name]}, rounds)
    return tuple(map(float, ratio_interval(*(torch.as_tensor(ms) for ms in pair.values()))))


faster = {name: against_large(name) for name in names}
show.ratios(
    {name: [interval] for name, interval in faster.items()},
    x="times faster than large, in pairs, both in ONNX Runtime",
    controls=["large, again"],
    finding="Pruning and int8 both pay; together less than their product.",
)

# %% [markdown]
# If the first row holds 1, the others may be believed; if not, this computer is too busy just now: run the cell again.
# Your guess was about `slim int8`:

# %% tags=["demo"]
speed_guess.reveal(faster["slim int8"][0])

# %% [markdown]
# When this lab was built, on a computer with much else to do, slim int8 was 4 to 6 times as fast: not 28 times, and not
# the 4.1 of its multiplications times the 2.5 of int8. The last row says why: `nano` does a hundredth of the work and
# still takes its time. Every operation costs some microseconds before it multiplies anything. The smaller the
# network, the more of its time is that floor, and the less any compression can save. Other processors have other
# factors; on one without int8 instructions the int8 rows may even lose to the float ones. The same floor as a
# rate: the smaller the network, the fewer of its multiplications the processor gets done in a second.

# %% tags=["demo"]
for name in ("large", "large int8", "slim int8", "nano int8"):
    median = times[name].median().item()
    rate = run[name].macs / median / 1e6
    print(f"{name:10} {run[name].macs / 1e6:6.2f} M multiplications, {rate:6.2f} G a second")

# %% [markdown]
# ## 3. What does the small file know?
#
# Bytes and time are worth nothing without the answers. Three seeds, all 10,000 test photos; the int8 files were
# made from 512 training photos each.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {"large": zoo.record("fashion_large"), "slim": zoo.record("fashion_large_slim4")}
runs["slim int8"] = zoo.record("fashion_large_slim4_int8")
for name, one in runs.items():
    print(
        f"{name:10} {one.size_bytes[0]:10,} bytes, {one.mean_test:.2f} % right ({len(one.test)} seeds)"
    )
small = runs["slim int8"]
lost = sum(runs["large"].test[: len(small.test)]) / len(small.test) - small.mean_test
fewer = runs["large"].size_bytes[0] / small.size_bytes[0]
print(f"pruned and int8: {fewer:.0f}x fewer bytes for {lost:.2f} point")

# %% tags=["demo"] id="headline"
chart = show.seeds(
    {name: one.test for name, one in runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{one.size_bytes[0] / 1e6:.2f} MB" for name, one in runs.items()},
    tolerance=0.5,
    finding="What is lost was lost by pruning. Rounding to bytes costs nothing that three seeds show.",
)
chart.axes[0].set_xlim(left=93.55)
chart

# %% [markdown]
# (The zoo stores float networks as .safetensors; as .onnx, like the int8 file, large has 11,052,242 bytes, and the
# factor is the same.)
#
# Accuracy hides exchanges: ten photos lost, ten others gained. So ask how often int8 says the *same* as the
# float file, and compare with controls: one scale for each whole weight instead of one for each channel, and ranges
# measured on other pictures than those to come. Guess which of them hurts before you look.

# %% tags=["demo"]
noise = torch.randn(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
kinds = {
    "512 photos": {"calibration": calibration},
    "512 photos, one scale a weight": {"calibration": calibration, "per_channel": False},
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
    x="same answer as the float file (%), 1,000 photos",
    finding="Even noise will do. Photos prepared in another way will not: whatever lies outside is cut off.",
)

# %% [markdown]
# Textbooks insist on representative photos for calibration, and here a single one is nearly enough: it changes
# ten answers of 1,000, 512 photos change one. What is not forgiven is the mistake from the beginning of this lab,
# made in another place: ranges from 0 to 1, where the numbers to come reach from -0.8 to 2. No error, again. (A harder network is less patient: lab 02 shows one.)

# %% [markdown]
# ## 4. Memory, byte by byte
#
# While a network runs, each operation reads tensors and makes one. A large runtime asks the system for memory as it
# goes. A small one gets one block, the **arena**, and every tensor a fixed place in it, before anything
# runs. Two tensors may share bytes if they are never needed at once.
#
# Which plan needs the smallest block? In general no quick way to find out is known (the problem is NP-hard). A
# simple rule does well: largest first, each at the lowest place that is free for all of its life.
#
# **Exercise 4** (core, 4 points, 20 minutes). Plan an arena.


# %% tags=["exercise"]
def arena_plan(tensors):
    """A place for every tensor in one block of memory.

    tensors: list of (name, size_bytes, first, last): alive from step first to step last, both
        included. It may be empty. Do not change it.
    Returns: dict, name -> offset in bytes, a whole number from 0. No two tensors that are alive
        at one step share a byte.

    Steps: take the tensors from the largest to the smallest, equal ones in the order of the
        list. For each, look at those that have a place and are alive at some step of its life;
        go from offset 0 upwards, and take the lowest place where it fits: below all of them,
        between two, or above.
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
# Here are the tensors of slim int8, read from its file, and where your plan puts them. (An addition writes over
# one of its operands, and so shares its box.)

# %% tags=["demo"]
network = mcu.IntegerNetwork.from_onnx(run["slim int8"].path)
tensors, bound = list(network.arena.tensors), network.arena.lower_bound
plan = {name: int(offset) for name, offset in arena_plan(tensors).items()}
show.arena(
    tensors,
    plan,
    bound=bound,
    finding="Hatched: alive at the fullest moment. Three tensors at the beginning decide it all.",
)

# %% [markdown]
# The first four operations, where the picture is still wide, need most of the memory; later ones two fifths and less.
# With the weights it is the other way round: most lie in the last layers. So who has little RAM makes the
# beginning narrower, and who has little flash the end.
#
# The line is a lower bound: what is alive at once at the fullest step. Your plan meets it, so no plan is better. Move the
# slider through the operations: hatched is what the operation makes, blue what is held meanwhile.


# %% tags=["demo"]
def at_operation(axes, operation):
    show.arena_at(axes, tensors, plan, operation)


steps = list(range(max(last for *_, last in tensors) + 1))
show.slider_figure(at_operation, steps, "operation", static=[2, 7, 13], height=3.0)

# %% [markdown]
# Does the rule matter? Controls: no sharing at all, the tensors in the order in which they are made, the smallest
# first, and 100 orders by lot.


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


lot = random.Random(0)
by_lot = sorted(peak(lot.sample(tensors, len(tensors))) for _ in range(100))
needed = {
    "no sharing": unshared,
    "by lot, the worst of 100": by_lot[-1],
    "in the order they are made": peak(tensors),
    "smallest first": peak(sorted(tensors, key=lambda tensor: tensor[1])),
    "by lot, the median": by_lot[50],
    "yours": max(plan[name] + size for name, size, *_ in tensors),
}

# %% tags=["demo"]
show.bars(
    {name: size / 1000 for name, size in needed.items()},
    x="memory for activations (kB)",
    reference=bound / 1000,
    finding="Sharing halves the block. Largest first meets the bound (dashed); so do most orders by lot.",
)

# %% [markdown]
# Sharing is worth a factor of two. For this network most orders by lot are as good as the best rule, so the rule earns
# its keep elsewhere: in networks with many tensors of many sizes, of which the check has one.

# %% tags=["demo"]
print(
    f"your plan: {needed['yours']:,} bytes; the scorecard's count: {run['slim int8'].peak_activation_bytes:,}"
)
print(f"the same network in float32 needs {run['slim'].peak_activation_bytes:,}")

# %% [markdown]
# Two ways to the same number: your plan, and what the scorecard counts without planning anything.
#
# ## What else is in memory?
#
# The activations take 19 kB and the weights 0.4 MB. How much memory does a fresh Python take that imports torch and
# answers one photo with `slim`, and then does nothing else?

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
# A network of this size is nothing beside the library that trained it.

# %% tags=["demo"]
memory_guess.reveal(megabytes["torch, slim"])

# %% [markdown]
# Of the bar for ONNX Runtime most is Python, numpy and the runtime's own code; the network is half a megabyte of it. A
# microcontroller has room for none of this. There the network becomes a program of its own: that is lab 07.

# %% [markdown]
# ## 5. On a page
#
# A browser runs ONNX files too: onnxruntime-web, the same runtime compiled to WebAssembly. The next cell writes a folder
# with the page, the runtime, both networks and some photos, and serves it to this computer alone. Draw a
# garment or choose a photo: the first one is the T-shirt from above, and the page should say 97 % as well. Nothing you
# draw leaves the computer, and once the page is there, it needs no network. To see it again without the notebook:
# `python3 start.py page`.

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
# Look at the sizes: the runtime is nearly ten times the size of slim int8. It is loaded once and then lies in the browser's cache, as
# a phone has its runtime installed; but for a single small network it is the largest part of what you ship.
#
# The page prepares a photo in JavaScript, in other words than your function. Whether both agree is a matter for a
# parity check: the course's tests open this page in a browser without a window and compare its answers
# with Python's on 1,000 photos. (The server stops when this notebook's kernel does, or by `server.stop()`.)

# %% [markdown]
# ## The scorecard
#
# The files as they ship, both sides in ONNX Runtime and as .onnx: bytes, work, memory, time here and now, energy,
# carbon and rent (lab 00 says how far to trust the model behind the energy). Accuracy is taken on 2,000 test photos,
# where half a point is chance; the figures over three seeds above are the ones to quote.

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
# **Energy**: int8 moves a quarter of the bytes, and its weights fit into memory on the chip. **Real time**: the
# tail counts, not only the median. **Cost**: a million photos for next to nothing, or for nothing at all where the
# user's own device computes. Below, `nano int8` joins them, so that it can be seen what a point costs.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Two small tools that every deployment needs. They are optional.
#
# **Exercise 5** (extra, 2 points, 10 minutes). Calibration wants photos drawn from the whole set, in
# batches, the same ones again for the same seed: else two files that were made alike differ.


# %% tags=["exercise"]
def calibration_batches(images, count, batch_size, seed):
    """Images by lot, in batches.

    images: (n, ...) tensor. Do not change it.
    count: how many different images to draw. batch_size: how many a batch holds; the last one
        may hold fewer. seed: int; the same seed gives the same batches.
    Returns: list of tensors (batch, ...) with the axes of the images. Other random numbers are
        left alone: nobody else's draw changes because of this one.
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
# **Exercise 6** (extra, 2 points, 10 minutes). The parity check as a function. Its traps: codes of uint8, where 3 - 250
# is 9; shapes that torch would broadcast; and NaN, which passes every comparison with a tolerance because none is true.


# %% tags=["exercise"]
def largest_difference(expected, found):
    """How far two results are from each other at the worst place.

    expected, found: tensors of one shape and dtype: floats, perhaps infinite or NaN, or small
        integers (uint8, int8). They may be empty. Do not change them.
    Returns: float or 0-d tensor: the largest magnitude of a difference; 0.0 for empty tensors.
        Equal infinities do not differ. A NaN on either side, or on both, is infinitely far:
        float("inf").
    Raises: ValueError if the shapes differ.
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
# The last line is worth a second look: the code of a pixel *is* the byte that the camera gave. Mean and standard deviation cancel
# against scale and zero point. A device can hand its bytes to the network as they are, and the line that went wrong
# at the beginning of this lab need not be written at all.

# %% [markdown]
# ## Open challenge: the smallest file
#
# The smallest .onnx file that loses at most **0.5 point** to `large` on the 10,000 validation photos. The line to beat
# is slim int8 with its 394,705 bytes. Prune further (lab 01), distil (lab 03), train with rounding (lab 02), share scales: the
# file is the answer. Below is a first step, one scale for each weight.

# %% tags=["demo"]
mine = my_work() / "06_challenge.onnx"
deploy.to_int8_onnx(slim, None, mine, calibration, per_channel=False)  # yours: another network


def try_file(path):
    """Print what counts: bytes, points lost, whether they are within the limit."""
    whole, one = fashion_mnist("validation"), deploy.OnnxRunnable(path)
    logits = np.concatenate([one.run(batch.numpy()) for batch in whole.images.split(500)])
    right = measure.accuracy(logits, whole.labels.numpy())
    points = zoo.record("fashion_large").validation[0] - right
    verdict = "within the limit" if points <= 0.5 else "OVER the limit"
    print(f"{one.size_bytes:,} bytes, {points:+.2f} point lost, {verdict}")
    keep_best(path, -one.size_bytes, within=points <= 0.5)


try_file(mine)

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - moved a network out of Python, and seen that other preprocessing, not another runtime, is what changes its answers;
# - measured times in turns, with a median, an interval and a thing against itself, and found less gain than the bytes promise;
# - planned memory by lifetimes down to the lower bound, and shown the network on a page that asks nobody for anything.
#
# **Limits.** Times are those of this computer and one thread; a phone has another processor, and its runtime other
# kernels. Rounds that follow each other are not quite independent, so the intervals are a little too narrow. Photos of 28x28 pixels forgive much, calibration included. The arena counts activations, not the
# workspace of a kernel nor the runtime itself.
#
# **Papers.** Jacob et al. 2018 (arXiv 1712.05877); Pisarchyk and Lee 2020 (2001.03288); David et al. 2021, TensorFlow Lite Micro
# (2010.08678); Georges, Buytaert and Eeckhout 2007 (OOPSLA), on timing; Hahn and Meeker 1991, Statistical Intervals, on order statistics.
#
# Next: **lab 07, the microcontroller**. No runtime at all: the network becomes C.
