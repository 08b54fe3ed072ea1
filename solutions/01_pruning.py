# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 01: Pruning
#
# **19 of 20 weights of a good network can go, at the price of a tenth of a point.** You will write
# the few lines that do it, then find out why the pruned network is not faster, and write the few
# lines that mend that too.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch | 90 | under a minute, one thread | under 2 GB | nothing |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("01")

# %% tags=["setup"]
import copy
import zlib

import numpy as np
import torch
from safetensors.torch import save as to_bytes

from utils import deploy, measure, show
from utils.compress import pruning
from utils.data import fashion_mnist
from utils.exercises.lab01 import check
from utils.files import my_work
from utils.measure import TorchRunnable
from utils.models import ResidualConfig, ResidualNet, save_model, zoo
from utils.student.challenge import keep_best
from utils.train import TrainConfig, accuracy, fit

validation = fashion_mnist("validation", 1000)
large, sparse = zoo.load("fashion_large"), zoo.load("fashion_large_sparse95")

# %% [markdown]
# ## Two networks, one of them mostly empty
#
# Both networks below learned from the same 50,000 photos of garments. On the left are 48 filters of
# one layer of the big network. On the right, the same layer after pruning: the network as a whole
# keeps 5 % of its weights, this layer a little more. White means zero.

# %% tags=["demo"]
layers = [network.blocks[3].conv2.weight for network in (large, sparse)]
right = [accuracy(network, validation) for network in (large, sparse)]
share = (layers[1] != 0).float().mean()
show.weight_maps(
    {
        f"all weights, {right[0]:.1f} % right": layers[0],
        f"pruned, {share:.0%} left here, {right[1]:.1f} % right": layers[1],
    },
    finding="A dot is a weight: darker is larger, white is zero. Percent right on 1,000 photos.",
)

# %% tags=["demo"]
first = validation[:12]
said = sparse(first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=said, columns=6)

# %% [markdown]
# That is what the pruned network says to twelve photos. Its file is a twelfth of the size. Why care?
#
# - **Energy.** A weight that is not there need not be fetched, and fetching costs more than computing (lab 00).
# - **Real time.** Less work per image, if the hardware can skip it. You will see that this *if* is large.
# - **Low cost.** A file of 0.9 MB fits a chip that one of 11 MB does not.
#
# We start with the big network and take away.

# %% [markdown]
# ## Predict
#
# Take the trained network. In every layer, set the smallest weights to zero, all at once, without
# training again. What share can go before it gets 5 points worse? Commit to a guess; a plot further
# down will show it.

# %% tags=["demo"]
guess = show.guess("01/one-shot", "Share of the weights that can go", 0, 100, 5, "%")

# %% [markdown]
# ## 1. Which weights matter?
#
# The oldest answer still works: the large ones (Han et al., 2015). A weight near zero adds next to
# nothing to any sum. Here are all weights of the network. Move the slider and watch: what lies
# between the dashed lines would go.

# %% tags=["demo"]
every_weight = torch.cat([w.detach().flatten() for w in pruning.prunable(large).values()])
ordered = every_weight.abs().sort().values


def threshold(axes, percent):
    cut = ordered[round(percent / 100 * (len(ordered) - 1))].item()
    axes.hist(every_weight.numpy(), bins=81, range=(-0.1, 0.1), color=show.PALETTE["sky"])
    axes.axvline(-cut, color="black", linestyle="--")
    axes.axvline(cut, color="black", linestyle="--")
    axes.set(xlabel="value of the weight", xticks=[-0.1, 0, 0.1], yticks=[])


show.slider_figure(threshold, [0, 25, 50, 75, 90, 95], "% removed", static=[50, 90, 95])

# %% [markdown]
# **Exercise 1** (core, 3 points, 10 minutes). Return a mask that is True for the weights that stay.
# Exactly `round(sparsity * n)` of the n weights go, so that two people who say "50 %" mean the same.


# %% tags=["exercise"]
def magnitude_mask(weight, sparsity):
    """Keep the weights of largest magnitude.

    weight: float tensor of any shape; it may be a layer's parameter. Do not change it.
    sparsity: the share to remove, 0 <= sparsity < 1.
    Returns: bool tensor of the same shape, True where the weight stays. Exactly
        round(sparsity * weight.numel()) entries are False. Among weights of equal
        magnitude any choice is right.

    Steps: count what goes; order the magnitudes; mark the smallest as removed; restore the shape.
    """
    ### BEGIN SOLUTION
    order = weight.abs().flatten().argsort()
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
    ### END SOLUTION


# %% tags=["check"]
magnitude_mask = check(magnitude_mask)

# %% [markdown]
# Now the experiment, with its control: remove the same number of weights by lot. If random removal
# did as well, magnitude would tell us nothing.


# %% tags=["demo"]
def masked(model, masks):
    """A copy of the model without what the masks remove."""
    return pruning.apply_masks(copy.deepcopy(model), masks)


quick = validation[:500]
weights = pruning.prunable(large)
levels = [0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9]
by_magnitude, by_lot = [], []
for level in levels:
    masks = {name: magnitude_mask(weight, level) for name, weight in weights.items()}
    by_magnitude.append(accuracy(masked(large, masks), quick))
    lot = pruning.random_masks(weights, level, torch.Generator().manual_seed(0))
    by_lot.append(accuracy(masked(large, lot), quick))

# %% tags=["demo"]
show.curves(
    [100 * level for level in levels],
    {"largest stay": by_magnitude, "control: by lot": by_lot},
    x="weights removed from every layer (%)",
    y="validation accuracy (%)",
    finding="Size knows something: by lot, 30 % removed already ruins the network.",
)

# %% [markdown]
# The largest weights carry the network for about half of the way, then it falls at once. Your guess:

# %% tags=["demo"]
falling = np.minimum.accumulate(by_magnitude)
guess.reveal(100 * np.interp(5 - falling[0], -falling, levels))

# %% [markdown]
# ## 2. One threshold for all layers
#
# So far every layer lost the same share. But layers are not equally rich: the last block holds 86 % of
# all weights, the first one hardly any. Pool all weights, find one threshold, and let each layer
# lose what falls below it.
#
# **Exercise 2** (core, 3 points, 10 minutes). Make the masks of all layers with one threshold.


# %% tags=["exercise"]
def global_masks(weights, sparsity):
    """One threshold over all layers.

    weights: dict, name -> float tensor of any shape, perhaps parameters. Do not change them.
    sparsity: the share of all weights together to remove, 0 <= sparsity < 1.
    Returns: dict with the same names, name -> bool tensor of the weight's shape, True where it
        stays. Exactly round(sparsity * total) entries are False, total counted over all tensors.

    Steps: join the flattened magnitudes; make one mask (you have a function for that); cut it
        into pieces of the right sizes; restore the shapes.
    """
    ### BEGIN SOLUTION
    joined = torch.cat([weight.flatten() for weight in weights.values()])
    pieces = magnitude_mask(joined, sparsity).split([weight.numel() for weight in weights.values()])
    return {
        name: piece.view(weights[name].shape) for name, piece in zip(weights, pieces, strict=True)
    }
    ### END SOLUTION


# %% tags=["check"]
global_masks = check(global_masks)

# %% [markdown]
# What did the single threshold choose, and was it right to?

# %% tags=["demo"]
chosen = global_masks(weights, 0.8)
removed = {name: 1 - torch.as_tensor(mask).float().mean().item() for name, mask in chosen.items()}
show.bars(
    {name.removesuffix(".weight"): 100 * share for name, share in removed.items()},
    x="weights removed (%)",
    reference=80,
    finding="One threshold spares the small early layers and takes from the wide last block.",
)

# %% tags=["demo"]
each = {name: magnitude_mask(weight, 0.8) for name, weight in weights.items()}
lot = pruning.random_masks(weights, 0.8, torch.Generator().manual_seed(0))
for text, masks in {"of each layer": each, "of all, one threshold": chosen, "by lot": lot}.items():
    print(f"80 % {text}: {accuracy(masked(large, masks), validation):.1f} % right")

# %% [markdown]
# The same number of zeros each time. One threshold is worth some sixty points here, without one step
# of training.

# %% [markdown]
# ## 3. Prune in steps, let it heal
#
# To cut once and for all is brutal: the weights that stay were trained with the others around them.
# So prune while training. Take much at first, when many weights can be spared, then less and less as
# each one that is left counts more. Zhu and
# Gupta (2017) give the sparsity at a step *t* between `begin` and `end`:
#
# $$s(t) = s_{final}\,\bigl(1 - (1 - \tfrac{t - begin}{end - begin})^3\bigr)$$
#
# **Exercise 3** (core, 2 points, 5 minutes). Write the schedule.


# %% tags=["exercise"]
def cubic_sparsity(step, begin, end, final_sparsity):
    """The share of weights that should be gone at a step.

    step, begin, end: numbers in one unit (steps, epochs, share of the training), begin < end.
    final_sparsity: where it ends, 0 <= final_sparsity < 1.
    Returns: float. 0 up to `begin`, `final_sparsity` from `end` on, the cubic between.
    """
    ### BEGIN SOLUTION
    done = min(max((step - begin) / (end - begin), 0.0), 1.0)
    return final_sparsity * (1 - (1 - done) ** 3)
    ### END SOLUTION


# %% tags=["check"]
cubic_sparsity = check(cubic_sparsity)

# %% [markdown]
# `GradualPruner` asks your schedule after every training step, finds new masks every 20 steps and
# applies them after each. Watch it take 80 % of the small network (66,000 weights, trained like the
# large one) within two of three short epochs; the third heals. Two controls: all 80 % at the first
# step, then the same healing; and steps like yours, but by lot.

# %% tags=["demo"]
train_few = fashion_mnist("train", 6000)
config = TrainConfig(epochs=3, lr=0.02, label_smoothing=0.0, augment=False)
untouched = accuracy(zoo.load("fashion_small"), quick)


def prune_and_heal(choose, schedule):
    """Prune the small network to 80 % while training; accuracy before, and after each epoch."""
    model = zoo.load("fashion_small")
    pruner = pruning.GradualPruner(model, 0.8, end=0.66, choose=choose, schedule=schedule)
    history = fit(model, train_few, config, validation=quick, after_step=pruner)
    return [untouched, *history.accuracy]


def at_once(step, begin, end, final_sparsity):
    return final_sparsity


# %% tags=["demo"]
show.curves(
    [0, 1, 2, 3],
    {
        "in steps": prune_and_heal(global_masks, cubic_sparsity),
        "control: at once": prune_and_heal(global_masks, at_once),
        "control: by lot": prune_and_heal(pruning.nested_random_masks(0), cubic_sparsity),
    },
    x="epochs of training while 80 % of the small network goes",
    y="validation accuracy (%)",
    finding="Which weights stay decides. How fast the others go matters far less, once it may heal.",
)

# %% [markdown]
# ## The real thing, three times
#
# The large network needs minutes rather than seconds, so it comes from the zoo: for each of three
# seeds trained, pruned to 95 % and healed with its full self as a teacher (lab 03 explains teachers),
# then tested on 10,000 images that no choice ever looked at. The control has the same number of weights,
# the same training and the same teacher. The recipes are in `zoo/*/recipe.toml`.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "all weights": zoo.record("fashion_large"),
    "5 % of them": zoo.record("fashion_large_sparse95"),
    "control: 5 % by lot": zoo.record("fashion_large_sparse95_random"),
}
for name, run in runs.items():
    print(f"{name:20} {run.mean_test:.2f} % right on average, {run.size_bytes[0] / 1e6:.2f} MB")

# %% tags=["demo"] id="headline"
show.seeds(
    {name: run.test for name, run in runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1e6:.1f} MB" for name, run in runs.items()},
    controls=["control: 5 % by lot"],
    tolerance=0.3,
    finding="19 of 20 weights can go. Which ones stay matters.",
)

# %% [markdown]
# ## Zeros are not small, and not fast
#
# A zero in an ordinary tensor takes four bytes like any other number, and the processor multiplies
# with it like with any other number. First the bytes.

# %% tags=["demo"]
zeros_and_all = to_bytes(sparse.state_dict())
sizes = {
    "all weights": len(to_bytes(large.state_dict())),
    "5 %, zeros stored": len(zeros_and_all),
    "5 %, zipped": len(zlib.compress(zeros_and_all)),
    "5 %, one bit a weight + values": zoo.record("fashion_large_sparse95").size_bytes[0],
}
show.bars(
    {name: size / 1e6 for name, size in sizes.items()},
    x="file (MB)",
    finding="Zeros cost as much as other numbers until the file says where they are.",
)

# %% [markdown]
# Zip finds the zeros too, but must unpack all 11 MB before the first image. One bit a weight can be
# read as it is; lab 04 goes further. Now the time: both networks in ONNX Runtime on one thread, one
# image at a time, in turn. A ratio of 1 means not faster at all.

# %% tags=["demo"]
image = validation.images[:1]
in_runtime = {
    name: deploy.runnable(model, image, name)
    for name, model in {"large": large, "sparse": sparse}.items()
}
timings = measure.latency(in_runtime, image, budget_s=2)
print("all weights / 5 % of the weights, time:", timings.ratio("large", "sparse"))

# %% [markdown]
# Could a kernel skip the zeros? For a single matrix times a vector, yes: the CSR format stores values and
# positions, and pays once so much is zero that reading the positions costs less than reading the zeros.
# Convolutions have no such kernel in PyTorch or ONNX Runtime.

# %% tags=["demo"]
ratios = measure.csr_speedup(size=1024, sparsities=[0.5, 0.7, 0.8, 0.9, 0.95, 0.98])
show.curves(
    [100 * level for level in ratios],
    {"CSR against dense": [ratio.median for ratio in ratios.values()]},
    x="zeros in a 1024 x 1024 matrix (%)",
    y="times faster",
    reference=1.0,
    finding="Below the line the sparse format is slower: it pays only once most numbers are zero.",
)

# %% [markdown]
# ## 4. Remove whole channels
#
# Take one filter out of a convolution and its output has one channel less; the next layer loses the
# inputs that read it. What remains is an ordinary, smaller dense network, which every runtime runs
# faster. Which filter should go?
#
# **Exercise 4** (core, 2 points, 5 minutes). Give every filter a score.


# %% tags=["exercise"]
def channel_importance(weight, criterion):
    """Score every filter of a convolution: the larger, the more it matters.

    weight: (out, in, kh, kw) float tensor.
    criterion: "l1" for the sum of magnitudes, "l2" for the Euclidean norm of each filter.
    Returns: (out,) tensor.
    Raises: ValueError for any other criterion.
    """
    ### BEGIN SOLUTION
    if criterion == "l1":
        return weight.abs().sum((1, 2, 3))
    if criterion == "l2":
        return weight.square().sum((1, 2, 3)).sqrt()
    raise ValueError(f"criterion must be 'l1' or 'l2', got {criterion!r}")
    ### END SOLUTION


# %% tags=["check"]
channel_importance = check(channel_importance)

# %% [markdown]
# **Exercise 5** (core, 4 points, 15 minutes). Now the cut: three tensors get smaller together.


# %% tags=["exercise"]
def remove_channels(conv_weight, conv_bias, next_weight, keep):
    """Keep only some output channels of a convolution, here and in the layer that reads them.

    conv_weight: (out, in, kh, kw) tensor of the convolution that makes the channels.
    conv_bias: (out,) tensor, or None if there is no bias; the result has (k,), or None.
    next_weight: (next_out, out, kh, kw) tensor of the convolution that reads them.
    keep: (k,) long tensor, sorted: the channels that stay.
    Returns: (conv_weight, conv_bias, next_weight) with k channels where there were `out`.
        The tensors you were given stay as they are.
    """
    ### BEGIN SOLUTION
    conv_bias = None if conv_bias is None else conv_bias[keep]
    return conv_weight[keep], conv_bias, next_weight[:, keep]
    ### END SOLUTION


# %% tags=["check"]
remove_channels = check(remove_channels)

# %% [markdown]
# See it on the real network: half of the filters between the two convolutions of the fourth block.

# %% tags=["demo"]
block = large.blocks[3]
made, read = block.conv1.weight.detach(), block.conv2.weight.detach()
keep = torch.as_tensor(channel_importance(made, "l2")).topk(64).indices.sort().values
smaller, _, reads = remove_channels(made, None, read, keep)
show.filter_maps(
    {"before": (made, read), "after": (smaller, reads)},
    finding="A dot is one kernel. Half the filters go here, so half the inputs go there: both halve.",
)

# %% [markdown]
# A real network ties more together. A channel also owns a row of the batch norm, and a shortcut adds two
# layers channel by channel, so both must lose the same ones. `utils.compress.pruning.channel_groups`
# finds these ties by tracing the network; `prune_channels` cuts a group everywhere at once.

# %% tags=["demo"]
for group in pruning.channel_groups(large)[:5]:
    print(f"{group.channels:4} channels of {', '.join(group.producers)}")
    print(f"     read by {', '.join(group.consumers)}")

# %% [markdown]
# Which channels? Your `channel_importance` knows the size of a filter. But behind each filter stands a
# batch norm, which undoes any size. `choose_channels` therefore asks how large the batch norm makes a
# channel, and how much the next layers listen to it. Compare both with chance, without any training.


# %% tags=["demo"]
def by_filter_size(like):
    """As many channels of each group as in `like`, chosen by your function."""
    keep = {}
    for group in pruning.channel_groups(large):
        filters = [large.get_submodule(name).weight.detach() for name in group.producers]
        score = sum(torch.as_tensor(channel_importance(f, "l2")) for f in filters)
        keep[group.name] = score.topk(len(like[group.name])).indices.sort().values
    return keep


def by_chance(fraction, draw):
    generator = torch.Generator().manual_seed(draw)
    return pruning.choose_channels(large, fraction, criterion="random", generator=generator)


# %% tags=["demo"]
full = measure.count_macs(large, image)
points = {"batch norm and readers": [], "size of the filter": [], "chance, mean of 3": []}
times_fewer = []
for fraction in (1.0, 0.9, 0.8, 0.7):
    loud = pruning.choose_channels(large, fraction)
    choices = [[loud], [by_filter_size(loud)], [by_chance(fraction, draw) for draw in range(3)]]
    for values, keeps in zip(points.values(), choices, strict=True):
        slims = [pruning.prune_channels(large, keep) for keep in keeps]
        values.append(sum(accuracy(slim, quick) for slim in slims) / len(slims))
    times_fewer.append(full / measure.count_macs(slims[0], image))

# %% tags=["demo"]
show.curves(
    times_fewer,
    points,
    x="times fewer multiply-accumulates (MACs) per image",
    y="validation accuracy (%)",
    finding="The size of a filter chooses no better than chance here. Every choice needs healing.",
)

# %% [markdown]
# Now with healing: the full network as a teacher, three seeds, test set. Two controls: channels by lot
# with the same widths and the same healing, and a network of similar size, trained from nothing.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
slim_runs = {
    "all channels": "fashion_large",
    "slim": "fashion_large_slim4",
    "control: by lot": "fashion_large_slim4_random",
    "control: never large": "fashion_medium",
}
fewer = {run: full / measure.count_macs(zoo.load(name), image) for run, name in slim_runs.items()}
for run, name in slim_runs.items():
    print(f"{run:22} {fewer[run]:.2f}x fewer MACs, {zoo.record(name).mean_test:.2f} % right")

# %% tags=["demo"]
show.seeds(
    {run: zoo.record(name).test for run, name in slim_runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={run: f"{factor:.1f}x fewer" for run, factor in fewer.items()},
    controls=["control: by lot", "control: never large"],
    tolerance=0.5,
    finding="A quarter of the arithmetic costs 0.4 point. Channels drawn by lot heal nearly as well.",
)

# %% [markdown]
# The control by lot deserves a second look: with the same widths, the same start and the same teacher
# it comes close. After healing, the shape of the network counts for more than which channels filled
# it (Mittal et al., 2018, saw the same). The last row had no large network to start from or to learn
# from, and fewer epochs: all three together are what its gap shows.

# %% [markdown]
# ## MACs are a promise
#
# The slim network does a quarter of the arithmetic. Before you run on: how much faster will it be?

# %% tags=["demo"]
speed_guess = show.guess("01/speed-up", "Times faster with a quarter of the MACs", 1, 8, 0.5, "x")

# %% tags=["demo"]
networks = {"large": large, "slim": zoo.load("fashion_large_slim4")}
networks |= {"small": zoo.load("fashion_small")}
in_runtime = {name: deploy.runnable(model, image, name) for name, model in networks.items()}
timings = measure.latency(in_runtime, image, budget_s=3)
promised = {name: full / measure.count_macs(networks[name], image) for name in ("slim", "small")}
faster = {name: timings.ratio("large", name) for name in promised}
show.promised_and_measured(promised, faster)

# %% [markdown]
# A square is what the count of MACs promises, a dot what ONNX Runtime gave here, with its interval.

# %% tags=["demo"]
speed_guess.reveal(faster["slim"].median)

# %% [markdown]
# How much of the promise arrives depends on the machine: each layer costs some microseconds before it
# multiplies anything, and memory still has to move. Width matters too. Processors work on 8 or 16
# numbers at a time, so 9 channels can cost as much as 16. These two networks differ only in width.

# %% tags=["demo"]
odd = ResidualNet(ResidualConfig.of(9, (18, 2), (36, 2)))
even = ResidualNet(ResidualConfig.of(12, (24, 2), (48, 2)))
pair = {"odd": deploy.runnable(odd, image, "odd"), "even": deploy.runnable(even, image, "even")}
ratio = measure.latency(pair, image, budget_s=1.5).ratio("even", "odd")
less = measure.count_macs(even, image) / measure.count_macs(odd, image)
print(f"9-18-36 channels do {less:.2f}x less arithmetic than 12-24-48.")
print(f"They are this much faster: {ratio}")

# %% [markdown]
# ## The scorecard
#
# Four networks: the file that ships, the work, the time here and now, energy, carbon and rent (lab 00
# says how far to trust the model behind them). Accuracy is taken on 2,000 test images, where half a
# point is chance; the figures over three seeds above are the ones to quote.

# %% tags=["demo"] id="scorecard"
test = fashion_mnist("test", 2000)
zoo_names = {"large": "fashion_large", "sparse": "fashion_large_sparse95"}
zoo_names |= {"slim": "fashion_large_slim4", "small": "fashion_small"}
in_runtime["sparse"] = deploy.runnable(sparse, image, "sparse")
timings = measure.latency(in_runtime, image, budget_s=3)
energies = measure.energy(in_runtime, image)
cards = []
for name, in_zoo in zoo_names.items():
    shipped = TorchRunnable(zoo.load(in_zoo), image, file=zoo.record(in_zoo).file, name=name)
    card = measure.scorecard(shipped, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% [markdown]
# The sparse network saves bytes on the disk and nothing else: computed as a dense one, it fetches and
# multiplies its zeros. The slim one saves a little of everything. What ends the large energies at once is a
# network whose weights stay on the chip, as the small one's do.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Three ideas that the field uses, each a few lines. They are optional; the lab's story is complete
# without them.
#
# **Exercise 6** (extra, 2 points, 10 minutes). Which layer can afford to lose weights? Prune one at a time and see.


# %% tags=["exercise"]
def sensitivity(evaluate, names, sparsities):
    """Try every layer at every sparsity.

    evaluate: function (name, sparsity) -> float, the accuracy with only that layer pruned.
    names: list of str, the layers. sparsities: list of float.
    Returns: dict, name -> list of floats, one for each sparsity in the given order.
        Ask once for each pair: on a real network each answer takes seconds.
    """
    ### BEGIN SOLUTION
    return {name: [evaluate(name, sparsity) for sparsity in sparsities] for name in names}
    ### END SOLUTION


# %% tags=["check"]
sensitivity = check(sensitivity)

# %% tags=["demo"]
small = zoo.load("fashion_small")
small_weights = pruning.prunable(small)


def with_one_layer_pruned(name, sparsity):
    mask = magnitude_mask(small_weights[name], sparsity)
    return accuracy(masked(small, {name: mask}), quick)


steps = [0.5, 0.7, 0.9]
show.heat_map(
    sensitivity(with_one_layer_pruned, list(small_weights), steps),
    [f"{step:.0%}" for step in steps],
    x="weights removed from this layer alone",
    unit="accuracy (%)",
    finding="Dark cells are layers that can't spare much.",
)

# %% [markdown]
# **Exercise 7** (extra, 2 points, 10 minutes). Recent accelerators skip zeros if exactly two of every four
# neighbours are zero (Mishra et al., 2021): no search for positions, two bits for each weight kept.


# %% tags=["exercise"]
def nm_mask(weight, n=2, m=4):
    """Keep the n largest of every m neighbouring inputs.

    weight: (out, in) float tensor, perhaps a parameter; a group is m consecutive inputs of
        one output. Do not change it.
    Returns: (out, in) bool tensor with exactly n True in each group; ties as you like.
    Raises: ValueError if `in` is not a multiple of m.
    """
    ### BEGIN SOLUTION
    if weight.shape[1] % m:
        raise ValueError(f"{weight.shape[1]} inputs can't be cut into groups of {m}")
    groups = weight.abs().reshape(weight.shape[0], -1, m)
    rank = groups.argsort(2, descending=True).argsort(2)
    return (rank < n).view(weight.shape)
    ### END SOLUTION


# %% tags=["check"]
nm_mask = check(nm_mask)


# %% tags=["demo"]
def two_of_four(weight):
    """Groups of four input channels at the same place of the kernel, as the hardware takes them."""
    last = weight.detach().movedim(1, -1)
    mask = torch.as_tensor(nm_mask(last.flatten(0, -2))).view(last.shape)
    return mask.movedim(-1, 1)


fitting = {name: weight for name, weight in weights.items() if weight.shape[1] % 4 == 0}
pairs = {name: two_of_four(weight) for name, weight in fitting.items()}
half = {name: magnitude_mask(weight, 0.5) for name, weight in fitting.items()}
print(f"two of every four stay: {accuracy(masked(large, pairs), validation):.1f} % right")
print(f"the larger half stays:  {accuracy(masked(large, half), validation):.1f} % right")

# %% [markdown]
# **Exercise 8** (extra, 1 point, 5 minutes). The lottery ticket (Frankle and Carbin, 2019): keep the
# mask, but send the surviving weights back to where training began. What is left is said to train as
# well as the whole; whether it does here is yours to try.


# %% tags=["exercise"]
def rewind(initial, final, mask):
    """The weights that the mask keeps, with their values from before training.

    initial, final: tensors of one shape, before and after training.
    mask: same shape, bool or numbers 0 and 1.
    Returns: tensor, `initial` where the mask keeps, 0 elsewhere. `final` is where the mask
        came from; its values are not needed.
    """
    ### BEGIN SOLUTION
    return initial * mask
    ### END SOLUTION


# %% tags=["check"]
rewind = check(rewind)

# %% [markdown]
# ## Open challenge: 2 MB
#
# Give every layer of the large network its own sparsity so that the file is at most **2,000,000
# bytes** and the network, pruned at once and not trained again, gets as many images right as you can
# manage. The line to beat is the plan that your `global_masks` makes.

# %% tags=["demo"]
masks = global_masks(weights, 0.858)
plan = {name: 1 - torch.as_tensor(mask).float().mean().item() for name, mask in masks.items()}
plan["stem.weight"] = 0.0  # yours: change any of these numbers


def try_plan(plan, file):
    """Prune the large network by a plan, write it to a file, print what counts."""
    pruned = masked(large, {name: magnitude_mask(weights[name], plan[name]) for name in plan})
    size = save_model(pruned, file)
    verdict = "within the budget" if size <= 2_000_000 else "OVER the budget"
    right = accuracy(pruned, validation)
    print(f"{size:,} bytes, {verdict}; {right:.1f} % right")
    keep_best(file, right, within=size <= 2_000_000)


try_plan(plan, my_work() / "01_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - removed 95 % of the weights for a tenth of a point, and seen by the control that it matters which;
# - seen that zeros are free only in a file that knows them, and never faster by themselves;
# - removed whole channels, which makes any runtime faster, and measured how much of the promise arrives.
#
# **Limits.** Images of 28x28 pixels are easy, and 2.8 million weights are generous for them: on harder
# tasks less can go. The pruned networks had some epochs more, and a teacher; the full one did not.
# Latency was measured on this computer, not on a phone.
#
# **Papers.** Han et al. 2015 (arXiv 1506.02626); Zhu and Gupta 2017 (1710.01878); Li et al. 2017
# (1608.08710); Liu et al. 2017 (1708.06519); Frankle and Carbin 2019 (1803.03635); Mittal et al. 2018 (1801.10447); Mishra et al. 2021
# (2104.08378); Fang et al. 2023 (2301.12900).
#
# Next: **lab 02, quantization**. The weights that stay still take 32 bits each. They need not.
