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
# **19 of 20 weights of a good network can be removed for a tenth of a percentage point of
# accuracy.** You will write the few lines that remove them. Then you will find out why the pruned
# network is not faster, and write the few lines that make it so.
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
# ## Two networks, one of them almost empty
#
# Both networks below were trained on the same 50,000 images of garments. On the left are 48 filters
# of one layer of the large network. On the right is the same layer after **pruning**, which removes
# parts of a trained network. The pruned network as a whole keeps 5 % of its weights. White means
# zero.
#
# (These accuracies are measured on 1,000 images, too few to show a difference of half a point. The
# tenth of a point above is the mean of three networks on 10,000 images.)

# %% tags=["demo"]
layers = [network.blocks[3].conv2.weight for network in (large, sparse)]
right = [accuracy(network, validation) for network in (large, sparse)]
kept = (layers[1] != 0).float().mean()
show.weight_maps(
    {
        f"all weights: accuracy {right[0]:.1f} %": layers[0],
        f"pruned: accuracy {right[1]:.1f} %": layers[1],
    },
    finding=f"A dot is a weight, darker is larger. This layer keeps {100 * kept:.0f} % of them.",
)

# %% tags=["demo"]
first = validation[:12]
answers = sparse(first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=answers, columns=6)

# %% [markdown]
# These are the pruned network's answers for twelve images. Its file is a twelfth of the size. Why
# care?
#
# - **Energy.** A weight that is not there need not be fetched, and fetching costs more than
#   computing (lab 00).
# - **Real time.** There is less to compute for each image, if the hardware can skip it. This *if*
#   will turn out to be large.
# - **Low cost.** A file of 0.9 MB fits into a flash memory that one of 11 MB does not.
#
# We start with the large network and remove.

# %% [markdown]
# ## Predict
#
# Take the trained network. In every layer, set the smallest weights to zero, all in one step,
# without any training afterwards. This is called **one-shot pruning**. What fraction can be removed
# before the accuracy falls by 5 percentage points? Commit to a guess. A plot further down shows it.

# %% tags=["demo"]
guess = show.guess("01/one-shot", "Weights that can be removed", 0, 100, 5, "%")

# %% [markdown]
# ## 1. Which weights matter?
#
# A simple answer works: the large ones (Han et al., 2015). A weight near zero adds next to nothing
# to any sum. **Magnitude pruning** removes the weights with the smallest absolute values. The
# fraction of the weights that are zero afterwards is the **sparsity**. Magnitude pruning removes
# single weights, wherever they are, so it is a form of **unstructured pruning**.
#
# Here are all weights of the network. Move the slider and watch: the weights between the dashed
# lines would go.

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
# **Exercise 1** (core, 3 points, 10 minutes). Return a **mask**, which is True for each weight that
# stays. Exactly `round(sparsity * n)` of the n weights go, so that "50 %" means the same for
# everybody.


# %% tags=["exercise"]
def magnitude_mask(weight, sparsity):
    """Return the mask that keeps the weights of largest magnitude.

    weight: float tensor of any shape; it may be a layer's parameter. Do not change it.
    sparsity: the fraction to remove, 0 <= sparsity < 1.
    Returns: bool tensor of the same shape, True where the weight stays (numbers 1 and 0 are
        accepted too). Exactly round(sparsity * weight.numel()) entries are False. Among weights of
        equal magnitude any choice is right.
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
# Now the experiment, with its **control**: remove the same number of weights at random. If random
# removal did as well, the magnitude would tell us nothing.


# %% tags=["demo"]
def masked(model, masks):
    """A copy of the model with the weights set to zero that the masks remove."""
    return pruning.apply_masks(copy.deepcopy(model), masks)


quick = validation[:500]
weights = pruning.prunable(large)
levels = [0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9]
by_magnitude, at_random = [], []
for level in levels:
    masks = {name: magnitude_mask(weight, level) for name, weight in weights.items()}
    by_magnitude.append(accuracy(masked(large, masks), quick))
    masks = pruning.random_masks(weights, level, torch.Generator().manual_seed(0))
    at_random.append(accuracy(masked(large, masks), quick))

# %% tags=["demo"]
show.curves(
    [100 * level for level in levels],
    {"magnitude pruning": by_magnitude, "control: at random": at_random},
    x="weights removed from every layer (%)",
    y="validation accuracy (%)",
    finding="Magnitude matters: at random, removing 30 % already ruins the network.",
)

# %% [markdown]
# With magnitude pruning the accuracy hardly changes for about half of the way, then it collapses.
# Your guess:

# %% tags=["demo"]
falling = np.minimum.accumulate(by_magnitude)
guess.reveal(100 * np.interp(5 - falling[0], -falling, levels))

# %% [markdown]
# ## 2. One threshold for all layers
#
# So far every layer lost the same fraction. But layers do not have equally much to spare: the last
# block has 86 % of all weights, the first layer almost none. **Global pruning** pools all weights,
# finds one threshold, and each layer loses what falls below it.
#
# **Exercise 2** (core, 3 points, 10 minutes). Make the masks of all layers with one threshold.


# %% tags=["exercise"]
def global_masks(weights, sparsity):
    """Return the masks of all layers for one threshold on the magnitude.

    weights: dict, name -> float tensor of any shape, perhaps parameters. Do not change them.
    sparsity: the fraction of all weights together to remove, 0 <= sparsity < 1.
    Returns: dict with the same names, name -> mask of the weight's shape, bool or 1 and 0. Exactly
        round(sparsity * total) entries are False, counted over all tensors.
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
# How much does the single threshold take from each layer? The dashed line is the mean, 80 %.

# %% tags=["demo"]
chosen = global_masks(weights, 0.8)
removed = {name: 1 - torch.as_tensor(mask).float().mean().item() for name, mask in chosen.items()}
show.bars(
    {name.removesuffix(".weight"): 100 * part for name, part in removed.items()},
    x="weights removed (%)",
    reference=80,
    finding="One threshold spares the small early layers and takes most from the wide last block.",
)

# %% tags=["demo"]
each = {name: magnitude_mask(weight, 0.8) for name, weight in weights.items()}
random = pruning.random_masks(weights, 0.8, torch.Generator().manual_seed(0))
ways = {"80 % of each layer": each, "one global threshold": chosen, "control: at random": random}
for way, masks in ways.items():
    print(f"{way:20} accuracy {accuracy(masked(large, masks), validation):.1f} %")

# %% [markdown]
# The number of zeros is the same each time. Global pruning is worth more than sixty points here,
# without one step of training.

# %% [markdown]
# ## 3. Prune gradually, then fine-tune
#
# The weights that stay were trained together with those that go. A short training with the mask
# fixed, called **fine-tuning**, lets them adapt.
#
# **Gradual pruning** goes further and removes the weights while the network trains: many at first,
# when many can be spared, then fewer and fewer. Zhu and Gupta (2017) give the sparsity at a step
# *t* between `begin` and `end`:
#
# $$s(t) = s_{final}\,\bigl(1 - (1 - \tfrac{t - begin}{end - begin})^3\bigr)$$
#
# **Exercise 3** (core, 2 points, 5 minutes). Write this schedule.


# %% tags=["exercise"]
def cubic_sparsity(step, begin, end, final_sparsity):
    """Return the sparsity that gradual pruning should have reached at a step.

    step, begin, end: numbers in one unit (steps, epochs, fractions of the training), begin < end.
    final_sparsity: the sparsity at the end, 0 <= final_sparsity < 1.
    Returns: float. 0 up to `begin`, `final_sparsity` from `end` on, the cubic in between.
    """
    ### BEGIN SOLUTION
    done = min(max((step - begin) / (end - begin), 0.0), 1.0)
    return final_sparsity * (1 - (1 - done) ** 3)
    ### END SOLUTION


# %% tags=["check"]
cubic_sparsity = check(cubic_sparsity)

# %% [markdown]
# `GradualPruner` asks your schedule after every training step, makes new masks every 20 steps and
# applies them after each. Here it prunes the small network (66,000 weights) to 80 % during the
# first two of three short epochs. The third epoch fine-tunes. There are two controls. The first
# prunes in one shot and fine-tunes for all three epochs. The second prunes gradually, but at
# random.

# %% tags=["demo"]
target = 0.8  # the sparsity at the end
train_few = fashion_mnist("train", 4000)
config = TrainConfig(epochs=3, lr=0.02, label_smoothing=0.0, augment=False)
untouched = accuracy(zoo.load("fashion_small"), quick)


def prune_and_tune(choose, schedule):
    """Prune and fine-tune the small network; accuracy before and after each epoch."""
    model = zoo.load("fashion_small")
    pruner = pruning.GradualPruner(model, target, end=0.66, choose=choose, schedule=schedule)
    history = fit(model, train_few, config, validation=quick, after_step=pruner)
    return [untouched, *history.accuracy]


def one_shot(step, begin, end, final_sparsity):
    return final_sparsity


# %% tags=["demo"]
paces = {
    "gradual": prune_and_tune(global_masks, cubic_sparsity),
    "control: one shot": prune_and_tune(global_masks, one_shot),
    "control: at random": prune_and_tune(pruning.nested_random_masks(0), cubic_sparsity),
}
ends = ", ".join(
    f"{name.removeprefix('control: ')} {curve[-1]:.0f} %" for name, curve in paces.items()
)
show.curves(
    [0, 1, 2, 3],
    paces,
    x=f"epochs, while {100 * target:.0f} % of the weights go",
    y="validation accuracy (%)",
    finding=f"At the end: {ends}. Which weights stay decides.",
)

# %% [markdown]
# Which weights stay matters far more than how fast the others go. And gradual pruning, the standard
# method, does not win here. Its final mask is complete only after the second of three short epochs,
# so one epoch is left to fine-tune it. The one-shot network has all three. Zhu and Gupta prune over
# much longer trainings. Set `target` to 0.95 and run the two cells again: does the pace matter
# then?

# %% [markdown]
# ## The full training, three times
#
# The large network needs minutes instead of seconds, so its results come from the zoo, the course's
# collection of trained networks. For each of three seeds it was trained, pruned gradually to 95 %
# and fine-tuned with the full network as a teacher (lab 03 explains teachers). Then it was tested
# on 10,000 images that no choice was based on. The control has the same number of weights, the same
# training and the same teacher, but its weights were chosen at random. The recipes are in
# `zoo/*/recipe.toml`.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "all weights": zoo.record("fashion_large"),
    "5 % of the weights": zoo.record("fashion_large_sparse95"),
    "control: random 5 %": zoo.record("fashion_large_sparse95_random"),
}
for name, run in runs.items():
    print(f"{name:19} mean accuracy {run.mean_test:.2f} %, {run.size_bytes[0] / 1e6:.2f} MB")

# %% tags=["demo"] id="headline"
show.seeds(
    {name: run.test for name, run in runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1e6:.1f} MB" for name, run in runs.items()},
    controls=["control: random 5 %"],
    tolerance=0.3,
    finding="The pruned network stays within 0.3 points of the full one, the dotted line.",
)

# %% [markdown]
# ## Zeros are neither small nor fast
#
# A zero in an ordinary tensor takes four bytes like any other number, and the processor multiplies
# with it like with any other number. First the bytes.

# %% tags=["demo"]
zeros_and_all = to_bytes(sparse.state_dict())
sizes = {
    "all weights": len(to_bytes(large.state_dict())),
    "5 %, zeros stored": len(zeros_and_all),
    "5 %, zipped": len(zlib.compress(zeros_and_all)),
    "5 %, bit mask + values": zoo.record("fashion_large_sparse95").size_bytes[0],
}
show.bars(
    {name: size / 1e6 for name, size in sizes.items()},
    x="file (MB)",
    finding="Zeros take as many bytes as other numbers until the file encodes where they are.",
)

# %% [markdown]
# A zip file is the smallest, but all 11 MB must be unpacked before the first image. The file that
# the course ships stores a mask of one bit a weight and the values that are not zero. Lab 04
# (planned) goes further.
#
# Now the time: both networks in ONNX Runtime on one thread, one image at a time, taking turns. The
# brackets contain the 95 % **confidence interval** of the ratio. A ratio of 1 means no speed-up.

# %% tags=["demo"]
image = validation.images[:1]
in_runtime = {
    name: deploy.runnable(model, image, name)
    for name, model in {"large": large, "sparse": sparse}.items()
}
timings = measure.latency(in_runtime, image, budget_s=2)
ratio = timings.ratio("large", "sparse")
print(f"time with all weights / time with 5 % of them: {ratio}")

# %% [markdown]
# Could a program skip the zeros? For one matrix times one vector it can. The **CSR** format stores
# the values that are not zero with their positions. It pays once there are so many zeros that
# reading the positions takes less time than reading the zeros. Neither PyTorch nor ONNX Runtime
# has this for convolutions.

# %% tags=["demo"]
ratios = measure.csr_speedup(size=1024, sparsities=[0.5, 0.7, 0.8, 0.9, 0.95, 0.98])
pays = [100 * level for level, ratio in ratios.items() if ratio.low > 1]
show.curves(
    [100 * level for level in ratios],
    {"dense time / CSR time": [ratio.median for ratio in ratios.values()]},
    x="zeros in a 1024 x 1024 matrix (%)",
    y="speed-up",
    reference=1.0,
    finding=f"CSR pays from {pays[0]:.0f} % zeros on. Below the line it is slower than dense."
    if pays
    else "CSR is slower than dense here, however many zeros there are.",
)

# %% [markdown]
# ## 4. Remove whole channels
#
# **Structured pruning** removes whole channels instead of single weights; it is also called
# **channel pruning**. Take one filter out of a convolution and its output has one channel less. The
# next layer loses the inputs that read it. The result is an ordinary dense network, only smaller,
# and every runtime computes it faster. Which filter should go?
#
# **Exercise 4** (core, 2 points, 5 minutes). Give every filter a score.


# %% tags=["exercise"]
def channel_importance(weight, criterion):
    """Score the filters of a convolution: the larger the score, the more important the filter.

    weight: (out, in, kh, kw) float tensor. Do not change it.
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
# **Exercise 5** (core, 4 points, 15 minutes). Now remove them: three tensors get smaller together.


# %% tags=["exercise"]
def remove_channels(conv_weight, conv_bias, next_weight, keep):
    """Remove output channels of a convolution, there and in the layer that reads them.

    conv_weight: (out, in, kh, kw) tensor of the convolution that makes the channels.
    conv_bias: (out,) tensor, or None if the convolution has no bias.
    next_weight: (next_out, out, kh, kw) tensor of the convolution that reads the channels.
    keep: (k,) long tensor, sorted: the channels that stay.
    Returns: tuple (conv_weight, conv_bias, next_weight) with k channels instead of `out`;
        conv_bias is None, or zeros, if it was None. The tensors that you were given stay as they are.
    """
    ### BEGIN SOLUTION
    conv_bias = None if conv_bias is None else conv_bias[keep]
    return conv_weight[keep], conv_bias, next_weight[:, keep]
    ### END SOLUTION


# %% tags=["check"]
remove_channels = check(remove_channels)

# %% [markdown]
# Here it is on the large network: half of the filters between the two convolutions of the fourth
# block go.

# %% tags=["demo"]
block = large.blocks[3]
made, read = block.conv1.weight.detach(), block.conv2.weight.detach()
keep = torch.as_tensor(channel_importance(made, "l2")).topk(64).indices.sort().values
smaller, _, reads = remove_channels(made, None, read, keep)
show.filter_maps(
    {"before": (made, read), "after": (smaller, reads)},
    finding="A dot is a kernel. Half the filters go, and half the inputs of the next layer.",
)

# %% [markdown]
# In a real network more tensors depend on each other. A channel also has parameters in the **batch
# norm**, and a **residual shortcut** adds two layers channel by channel, so both must lose the same
# channels. `utils.compress.pruning.channel_groups` finds these groups by tracing the network, and
# `prune_channels` cuts a whole group at once.

# %% tags=["demo"]
for group in pruning.channel_groups(large)[:5]:
    print(f"{group.channels:4} channels of {', '.join(group.producers)}")
    print(f"     read by {', '.join(group.consumers)}")

# %% [markdown]
# Which channels should go? Your `channel_importance` knows the norm of a filter. But after each
# convolution there is a batch norm, which cancels the norm of the filter. `choose_channels`
# therefore looks at how much the batch norm amplifies a channel and how strongly the next layers
# read it. Compare both with channels at random, without any training.


# %% tags=["demo"]
def by_filter_norm(like):
    """As many channels of each group as in `like`, chosen by your function."""
    keep = {}
    for group in pruning.channel_groups(large):
        filters = [large.get_submodule(name).weight.detach() for name in group.producers]
        score = sum(torch.as_tensor(channel_importance(f, "l2")) for f in filters)
        keep[group.name] = score.topk(len(like[group.name])).indices.sort().values
    return keep


def at_random(fraction, draw):
    generator = torch.Generator().manual_seed(draw)
    return pruning.choose_channels(large, fraction, criterion="random", generator=generator)


# %% tags=["demo"]
full = measure.count_macs(large, image)
points = {"batch norm and readers": [], "filter norm": [], "control: at random": []}
times_fewer = []
for fraction in (1.0, 0.9, 0.8, 0.7):
    best = pruning.choose_channels(large, fraction)
    choices = [[best], [by_filter_norm(best)], [at_random(fraction, draw) for draw in range(3)]]
    for values, keeps in zip(points.values(), choices, strict=True):
        slims = [pruning.prune_channels(large, keep) for keep in keeps]
        values.append(sum(accuracy(slim, quick) for slim in slims) / len(slims))
    times_fewer.append(full / measure.count_macs(slims[0], image))

# %% tags=["demo"]
show.curves(
    times_fewer,
    points,
    x="reduction of the MACs per image (times fewer)",
    y="validation accuracy (%)",
    finding="Without fine-tuning every criterion fails soon. The control is a mean of three.",
)

# %% [markdown]
# The filter norm is a poor guide here: at 1.6x fewer MACs (multiply-accumulates) it does worse than
# random channels.
#
# Now with fine-tuning: the full network as a teacher, three seeds, the test set. There are two
# controls: random channels, with the same widths and the same fine-tuning, and a network of similar
# size that was trained from scratch.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
slim_runs = {
    "all channels": "fashion_large",
    "slim": "fashion_large_slim4",
    "control: random": "fashion_large_slim4_random",
    "control: from scratch": "fashion_medium",
}
fewer = {run: full / measure.count_macs(zoo.load(name), image) for run, name in slim_runs.items()}
for run, name in slim_runs.items():
    mean = zoo.record(name).mean_test
    print(f"{run:22} {fewer[run]:.2f}x fewer MACs, mean accuracy {mean:.2f} %")

# %% tags=["demo"]
show.seeds(
    {run: zoo.record(name).test for run, name in slim_runs.items()},
    x="test accuracy (%), one dot for each seed",
    notes={run: f"{factor:.1f}x fewer" for run, factor in fewer.items()},
    controls=["control: random", "control: from scratch"],
    tolerance=0.5,
    finding="Slim stays within 0.5 points (dotted line). Random channels nearly do.",
)

# %% [markdown]
# Slim loses 0.35 points, and random channels only 0.21 more. With the same widths, the same start
# and the same teacher, the shape of the network counts for more than which channels filled it.
# Mittal et al. (2018) saw the same. The last row had no large network to start from or to learn
# from, and fewer epochs. Its gap shows all three together.

# %% [markdown]
# ## Theoretical and measured speed-up
#
# The slim network does a quarter of the MACs, so its **theoretical speed-up** is four. Before you
# run on: how much faster is it really?

# %% tags=["demo"]
speed_guess = show.guess(
    "01/speed-up", "Measured speed-up with a quarter of the MACs", 1, 8, 0.5, "x"
)

# %% tags=["demo"]
networks = {"large": large, "slim": zoo.load("fashion_large_slim4")}
networks |= {"small": zoo.load("fashion_small")}
in_runtime = {name: deploy.runnable(model, image, name) for name, model in networks.items()}
timings = measure.latency(in_runtime, image, budget_s=3)
promised = {name: full / measure.count_macs(networks[name], image) for name in ("slim", "small")}
faster = {name: timings.ratio("large", name) for name in promised}
show.promised_and_measured(promised, faster)

# %% [markdown]
# A square is the theoretical speed-up. A dot is the speed-up that ONNX Runtime reached here, with
# its confidence interval.

# %% tags=["demo"]
speed_guess.reveal(faster["slim"].median)

# %% [markdown]
# How much of the theoretical speed-up arrives depends on the machine: each layer costs some
# microseconds before it multiplies anything, and memory still has to move. Width matters too.
# Processors work on 8 or 16 numbers at a time, so 9 channels can cost as much as 16. The two
# networks below differ only in their widths.

# %% tags=["demo"]
odd = ResidualNet(ResidualConfig.of(9, (18, 2), (36, 2)))
even = ResidualNet(ResidualConfig.of(12, (24, 2), (48, 2)))
pair = {"odd": deploy.runnable(odd, image, "odd"), "even": deploy.runnable(even, image, "even")}
ratio = measure.latency(pair, image, budget_s=1.5).ratio("even", "odd")
less = measure.count_macs(even, image) / measure.count_macs(odd, image)
print(f"9-18-36 channels have {less:.2f}x fewer MACs than 12-24-48; measured speed-up {ratio}")

# %% [markdown]
# ## The scorecard
#
# The **scorecard** of four networks: the file that ships, MACs, memory, the time here and now,
# energy, carbon and cloud cost. Lab 00 says how far to trust the energy model. The accuracy is
# taken on 2,000 test images, where the 95 % confidence interval is about one point to each side.
# The means of three seeds above are the figures to quote.

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
# The sparse network saves bytes of the file and nothing else: at run time it is dense, and fetches
# and multiplies its zeros. The slim network saves some of everything. The energy falls most where
# all weights fit on the chip, as those of small do. This step is a property of the model; the two
# rows below it show the model's range.
#
# Which one is best depends on what you pay for. Below are two **Pareto fronts**: the networks that
# no other network beats in both accuracy and cost. First the bytes.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# By bytes, the sparse network leaves no reason to choose slim. Now the time.

# %% tags=["demo"]
show.pareto(cards, x="latency_ms", y="metric")

# %% [markdown]
# By time, slim is several times as fast as large. The sparse network is not: if its time differs
# from that of large here, something else was running on this computer, and the interval of their
# ratio above is the fair comparison.

# %% [markdown]
# ## Extra exercises
#
# Three ideas that the field uses, each a few lines. They are optional; the lab is complete without
# them.
#
# **Exercise 6** (extra, 2 points, 10 minutes). A **sensitivity analysis** prunes one layer at a
# time and shows which layers can afford it.


# %% tags=["exercise"]
def sensitivity(evaluate, names, sparsities):
    """Measure the accuracy for every layer pruned alone, at every sparsity.

    evaluate: function (name, sparsity) -> float, the accuracy with only that layer pruned.
    names: list of str, the layers.
    sparsities: list of float.
    Returns: dict, name -> list of floats, one for each sparsity in the given order. Call
        evaluate once for each pair: on a real network each call takes seconds.
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
    finding="Dark cells are sensitive layers. The stem is by far the most sensitive one.",
)

# %% [markdown]
# **Exercise 7** (extra, 2 points, 10 minutes). Recent GPUs skip zeros if exactly two of every four
# neighboring weights are zero (Mishra et al., 2021). This is **2:4 sparsity**, in general **N:M
# sparsity**. The positions need no search and only two bits for each weight that stays.


# %% tags=["exercise"]
def nm_mask(weight, n=2, m=4):
    """Return the mask that keeps the n largest magnitudes of every m neighboring inputs.

    weight: (out, in) float tensor, perhaps a parameter. Do not change it.
    n, m: int, 0 < n <= m. A group is m consecutive inputs of one output.
    Returns: mask of shape (out, in), bool or 1 and 0, exactly n True in each group. Among equal
        magnitudes any choice is right.
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
    """Groups of four input channels at one position of the kernel, as the hardware wants them."""
    last = weight.detach().movedim(1, -1)
    mask = torch.as_tensor(nm_mask(last.flatten(0, -2))).view(last.shape)
    return mask.movedim(-1, 1)


fitting = {name: weight for name, weight in weights.items() if weight.shape[1] % 4 == 0}
pairs = {name: two_of_four(weight) for name, weight in fitting.items()}
half = {name: magnitude_mask(weight, 0.5) for name, weight in fitting.items()}
print(f"2:4 sparsity:     accuracy {accuracy(masked(large, pairs), validation):.1f} %")
print(f"50 % anywhere:    accuracy {accuracy(masked(large, half), validation):.1f} %")

# %% [markdown]
# The regular pattern costs little accuracy. Is it faster on this processor, which has no unit for
# it? Below is the whole network in ONNX Runtime, and one matrix of which half is zero in CSR. A
# ratio above 1 would be a gain.

# %% tags=["demo"]
two_models = {"dense": large, "2:4": masked(large, pairs)}
in_runtime = {name: deploy.runnable(model, image, name) for name, model in two_models.items()}
ratio = measure.latency(in_runtime, image, budget_s=1.5).ratio("dense", "2:4")
print(f"time dense / time with 2:4 sparsity: {ratio}")
ratio = measure.csr_speedup(size=1024, sparsities=[0.5], budget_s=0.7)[0.5]
print(f"one matrix, time dense / time CSR:   {ratio}")
print(f"bytes: {100 * (2 * 32 + 2 * 2) / (4 * 32):.0f} % of the dense weights")


# %% [markdown]
# Without hardware for it, 2:4 sparsity saves bytes and no time. PyTorch's own 2:4 format refuses a
# CPU; it needs an NVIDIA GPU.
#
# **Exercise 8** (extra, 1 point, 5 minutes). The **lottery ticket hypothesis** (Frankle and Carbin,
# 2019): keep the mask, but set the surviving weights back to their values before the training. Such
# a sparse network, the **lottery ticket**, is said to train as well as the full one. Try whether it
# does here.


# %% tags=["exercise"]
def rewind(initial, final, mask):
    """Return the lottery ticket: the weights that the mask keeps, with their initial values.

    initial, final: tensors of one shape, before and after training. The mask was made from
        `final`, whose values are not needed. Do not change either.
    mask: same shape, bool or numbers 0 and 1.
    Returns: tensor, `initial` where the mask keeps, 0 elsewhere.
    """
    ### BEGIN SOLUTION
    return initial * mask
    ### END SOLUTION


# %% tags=["check"]
rewind = check(rewind)

# %% [markdown]
# ## Open challenge: 2 MB
#
# Give every layer of the large network its own sparsity, so that the file has at most **2,000,000
# bytes** and the network, pruned in one shot and not trained again, is as accurate as you can
# manage. The line to beat is the plan below: the sparsities that one global threshold gives.

# %% tags=["demo"]
masks = global_masks(weights, 0.858)
plan = {name: 1 - torch.as_tensor(mask).float().mean().item() for name, mask in masks.items()}
plan["stem.weight"] = 0.0  # yours: change any of these numbers; keep within 2 MB


def try_plan(plan, file):
    """Prune the large network by a plan, write it to a file, print its size and accuracy."""
    pruned = masked(large, {name: magnitude_mask(weights[name], plan[name]) for name in plan})
    size = save_model(pruned, file)
    verdict = "within the budget" if size <= 2_000_000 else "OVER the budget"
    right = accuracy(pruned, validation)
    print(f"{size:,} bytes, {verdict}; accuracy {right:.1f} %")
    keep_best(file, right, within=size <= 2_000_000)


try_plan(plan, my_work() / "01_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - removed 95 % of the weights for a tenth of a point, and seen by the control that it matters
#   which;
# - seen that zeros save bytes only in a file that encodes them, and never save time by themselves;
# - removed whole channels, which saves time everywhere, and compared theoretical with measured
#   speed-up.
#
# **Limits.** Images of 28x28 pixels are easy, and 2.8 million weights are generous for them: on
# harder tasks less can be removed. The pruned networks had some epochs more, and a teacher; the
# full network had neither. Latency was measured on this computer, not on a phone.
#
# **Papers.** Han et al. 2015 (arXiv 1506.02626); Zhu and Gupta 2017 (1710.01878); Li et al. 2017
# (1608.08710); Liu et al. 2017 (1708.06519); Frankle and Carbin 2019 (1803.03635); Mittal et al.
# 2018 (1801.10447); Mishra et al. 2021 (2104.08378); Fang et al. 2023 (2301.12900).
#
# Next: **lab 02, quantization**. Each weight that stays still takes 32 bits. How many does it need?
