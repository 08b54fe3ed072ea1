# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 03: Distillation
#
# **A network of a twentieth of the size comes within 1.4 points of the large one, with a little help from a
# teacher. Where labels are few, a good teacher is worth over 20 points.** You will write the loss that does
# it, find out by controls which part of a teacher's answer helps, and meet a teacher that knows more and
# teaches worse.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch | 90 | under a minute, one thread | under 2 GB | nothing (lab 00 helps) |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("03")

# %% tags=["setup"]
import copy

import torch
import torch.nn.functional as F
from torch import nn

from utils import deploy, measure, show
from utils.compress import distillation, quantization
from utils.data import Images, fashion_mnist
from utils.exercises.lab03 import check
from utils.files import my_work
from utils.measure import TorchRunnable
from utils.models import ResidualConfig, ResidualNet, save_model, zoo
from utils.student.challenge import keep_best
from utils.train import TrainConfig, accuracy, fit, predict

validation = fashion_mnist("validation", 2000)
classes = validation.classes
large = zoo.load("fashion_large")

# %% [markdown]
# ## Two sandals, one label
#
# The label of both photos below is "sandal", and that is all a label can say. The large network says
# more: the first one has something of a boot, the second one something of a sneaker.

# %% tags=["demo"]
two = validation.images[[45, 707]]
sure = large(two).softmax(1).detach()
show.answers(
    two[0],
    {"what the label says": F.one_hot(torch.tensor(5), 10), "what the network says": sure[0]},
    classes,
    label=5,
    finding="A high sandal. The label knows one class; the network gives the boot 8 % as well.",
)

# %% tags=["demo"]
show.answers(
    two[1],
    {"what the label says": F.one_hot(torch.tensor(5), 10), "what the network says": sure[1]},
    classes,
    label=5,
    finding="A flat sandal. The label is the same; the network now thinks of sneakers, not of boots.",
)

# %% [markdown]
# Hinton, Vinyals and Dean (2015) called this **dark knowledge**: which wrong answers are nearly
# right. A small network that learns from such answers gets ten numbers for each photo in place of
# one word. What it is good for:
#
# - **Energy.** The student does a fifth of the arithmetic, and its weights stay on the chip (lab 00).
# - **Real time.** It is a small dense network: any runtime runs it faster, no tricks needed.
# - **Low cost.** It needs few labels: a teacher's answer costs one forward pass, and a label a person.
#
# Here is what large confuses, on average over 2,000 photos.

# %% tags=["demo"]
answers = predict(large, validation.images).softmax(1)
table = {}
for number, name in enumerate(classes):
    other = answers[validation.labels == number].mean(0)
    other[number] = 0
    table[name] = (100 * other / other.sum()).tolist()
show.heat_map(
    table,
    classes,
    x="what else the network thinks of",
    unit="share of what it does not give to the right class (%)",
    finding="Bright cells: a T-shirt is nearly a shirt, a boot nearly a sneaker, and the other way round.",
)

# %% [markdown]
# Nobody told the network that boots are closer to sneakers than to dresses. A label never says so.

# %% [markdown]
# ## Predict
#
# The student of this lab has 135,000 weights, large has 2.8 million. Trained on all labels for 16
# epochs it gets 92.4 % of the test photos right. It is trained again in the same way, but
# mostly on a teacher's answers, with a small share for the labels. How many points does that add? Commit to a guess.

# %% tags=["demo"]
question = "Points that a teacher adds to the student"
guess = show.guess("03/gain", question, -1, 4, 0.1, "points", start=0)

# %% [markdown]
# ## 1. Soften
#
# A good network is so sure of itself that little of what else it knows is left. So its logits *z*, the
# ten numbers before the softmax, are divided by a **temperature** first:
#
# $$p_i = \frac{\exp(z_i / T)}{\sum_j \exp(z_j / T)}$$
#
# At 1 nothing changes. The higher it is, the more can be seen of the small ones; at infinity all are
# equal. Move the slider.

# %% tags=["demo"]
shirt = predict(zoo.load("fashion_small"), validation.images[37:38])[0]


def at_temperature(axes, temperature):
    show.answer_bars(axes, (shirt / temperature).softmax(0), classes, label=6)


show.slider_figure(at_temperature, [1, 2, 4, 8, 16], "temperature", static=[1, 4, 16], height=3.2)

# %% [markdown]
# A shirt, as the small network sees it. At 1 it is a shirt, at 4 a shirt that has much of a T-shirt and
# something of a coat, and nothing of a boot; at 16 hardly more than noise is left.
#
# The student is softened by the same temperature, and shall say the same. How far it is from that is the
# **Kullback-Leibler divergence**, zero if the two agree: with the teacher's *p* and the student's *q*,
# $D = \sum_i p_i (\log p_i - \log q_i)$. The labels keep a share of the loss, at temperature 1.

# %% [markdown]
# One detail. The gradient of *D* shrinks with *T* twice: the chain rule divides by *T*, and two softened
# answers lie about *T* times closer together. Multiplying by $T^2$ undoes both, so that the shares of
# teacher and labels keep their meaning. The plot after the exercise shows how well.
#
# **Exercise 1** (core, 4 points, 15 minutes). Write the loss.


# %% tags=["exercise"]
def kd_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """The loss of distillation (Hinton, Vinyals and Dean, 2015).

    student_logits, teacher_logits: (n, classes) float tensors. Both may want a gradient; the
        teacher's gets none. Do not change them; they may be large, 1e4 and more.
    labels: (n,) long tensor, the right classes.
    temperature: float above 0. alpha: float in [0, 1], the teacher's share.
    Returns: scalar tensor, alpha * temperature**2 * D + (1 - alpha) * C, where
        D is the divergence KL(teacher || student) of the two softened answers, and
        C the cross entropy of the student's logits, not softened, with the labels;
        both are the mean over the n images.
    Raises: ValueError for a temperature that is not above 0.

    Steps: refuse; logarithms of both softened answers (F.log_softmax is exact also where a
        softmax would be 0); D by its formula or by F.kl_div, whose default reduction is another;
        F.cross_entropy; add up.
    """
    ### BEGIN SOLUTION
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    log_q = F.log_softmax(student_logits / temperature, 1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, 1)
    soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
    ### END SOLUTION


# %% tags=["check"]
kd_loss = check(kd_loss)

# %% [markdown]
# What the square does: the length of the gradient that a small network gets from large, at several
# temperatures, with and without it.

# %% tags=["demo"]
temperatures = [1, 2, 4, 8, 16]
some = validation[:200]
teacher_says = predict(large, some.images)
by_teacher, by_labels = [], []
for temperature in temperatures:
    for alpha, lengths in ((1.0, by_teacher), (0.0, by_labels)):
        student_says = predict(zoo.load("fashion_nano"), some.images).requires_grad_()
        kd_loss(student_says, teacher_says, some.labels, temperature, alpha).backward()
        lengths.append(student_says.grad.norm().item())

# %% tags=["demo"]
show.curves(
    temperatures,
    {
        "the teacher's": by_teacher,
        "without the square": [g / t**2 for g, t in zip(by_teacher, temperatures, strict=True)],
        "the labels'": by_labels,
    },
    x="temperature",
    y="length of the gradient",
    finding="Without the square the teacher's voice dies away as the temperature rises.",
)

# %% [markdown]
# With the square the teacher's part settles as the temperature rises. Without it the labels would soon be
# alone, and another temperature would mean another alpha too.

# %% [markdown]
# ## 2. Teach, with controls
#
# Now to work, at a size that takes a blink: a network of 26,000 weights and 500 photos to learn
# from. For the teacher's answers, large looks at 2,500 photos once. Then each of five runs gets 500
# of them.


# %% tags=["demo"]
pool = fashion_mnist("train", 2500)
said = {"large": predict(large, pool.images)}


class Small(nn.Module):
    """One hidden layer over 14x14 pixels. The projector waits for part 4 and is no part of its answer."""

    def __init__(self, teacher_width=448):
        super().__init__()
        self.body = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(196, 128), nn.ReLU())
        self.head = nn.Linear(128, 10)
        self.projector = nn.Linear(128, teacher_width)

    def forward(self, x):
        return self.head(self.body(x))


# %% [markdown]
# The training loop hands a loss the network, the photos and their labels. Our losses also need to know
# *which* photos these are, to look up what the teacher said. So each photo's number takes the place of
# its label, and the loss looks up both.


# %% tags=["demo"]
def learn(loss, seed):
    """Train a new small network on the 500 photos of this seed."""
    torch.manual_seed(seed)
    student = Small()
    which = torch.arange(500 * seed, 500 * (seed + 1))
    mine = Images(pool.images[which], which, classes)
    how = TrainConfig(epochs=20, lr=0.08, batch_size=64, augment=False, seed=seed)
    fit(student, mine, how, loss=loss)
    return student


def from_labels(smoothing=0.0):
    return lambda model, x, which: F.cross_entropy(
        model(x), pool.labels[which], label_smoothing=smoothing
    )


def from_answers(logits, temperature=4.0, alpha=0.9):
    return lambda model, x, which: kd_loss(
        model(x), logits[which], pool.labels[which], temperature, alpha
    )


# %% [markdown]
# A gain proves nothing until we know what it is due to. So besides the plain student there are two
# controls. **Label smoothing** takes a tenth of the certainty from every label and spreads it
# evenly: it says "do not be too sure", and nothing else. The **shuffled teacher** is as sure as
# large, photo by photo, but deals what is left to the other classes by lot, anew each time: it knows
# which photos are hard, and not what they look like. Temperature 4 and alpha 0.9 are the ones that the zoo's
# students learned with; nothing was tuned for these small runs, neither for a teacher nor for a control.


# %% tags=["demo"]
def from_shuffled(logits, seed):
    lot = torch.Generator().manual_seed(seed)
    return lambda model, x, which: kd_loss(
        model(x),
        distillation.shuffled_teacher(logits[which], lot),
        pool.labels[which],
        4.0,
        0.9,
    )


def five(make):
    """Validation accuracy of five runs; make: seed -> loss."""
    return [accuracy(learn(make(seed), seed), validation) for seed in range(5)]


# %% tags=["demo"]
plain = five(lambda seed: from_labels())
taught = {
    "control: smoothed labels": five(lambda seed: from_labels(0.1)),
    "control: large, shuffled": five(lambda seed: from_shuffled(said["large"], seed)),
    "large": five(lambda seed: from_answers(said["large"])),
}

# %% tags=["demo"]
show.paired(
    taught,
    plain,
    x="points gained over labels alone, same photos, same start, one dot for each run",
    controls=["control: smoothed labels", "control: large, shuffled"],
    finding="The band holds the mean gain at 95 %. A teacher that knows only how sure to be helps too.",
)

# %% [markdown]
# Each dot is a difference between two runs with the same 500 photos and the same first weights, so what
# makes a run lucky cancels out. That is what **paired** means, and why five runs can tell.
#
# When this lab was built, large added 1.7 points. Smoothing added 0.4, and its band holds 0: nothing is
# proven. The shuffled teacher added 1.1, by telling *which photos* are hard. That large also says what they
# resemble is the rest:

# %% tags=["demo"]
resemblance = show.gain(taught["large"], taught["control: large, shuffled"])
print(f"large over large, shuffled: {resemblance} points")

# %% [markdown]
# Half a point, and the interval holds 0: five runs of this size do not prove that dark knowledge
# helps at all. Without the control we would have believed it. Part 3 has a suspect.

# %% [markdown]
# ## The real thing, five times
#
# The student of 135,000 weights, all 50,000 photos, 16 epochs with shifts and mirrors: that takes
# minutes, so it comes from the zoo. All four have the same network, seeds, epochs and recipe, and
# differ in what they learned from. The teacher is large after lab 01, with a quarter of its arithmetic:
# cheaper to ask, and no worse a teacher (the last line below). The test photos decided nothing.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "labels alone": zoo.record("fashion_student"),
    "control: smoothed labels": zoo.record("fashion_student_smoothed"),
    "control: shuffled teacher": zoo.record("fashion_student_shuffled"),
    "taught": zoo.record("fashion_student_distilled"),
}
for name, run in runs.items():
    print(f"{name:26} {run.mean_test:.2f} % right on average over {len(run.test)} seeds")
whole = zoo.record("fashion_large")
smaller = whole.size_bytes[0] / runs["taught"].size_bytes[0]
behind = whole.mean_test - runs["taught"].mean_test
added = show.gain(runs["taught"].test, runs["labels alone"].test)
print(f"{smaller:.1f}x smaller than large, {behind:.2f} points behind it")
over = show.gain(runs["taught"].test, runs["control: shuffled teacher"].test)
print(f"gain by the teacher: {added} points over labels, {over} over the shuffled teacher")
by_large = zoo.record("fashion_student_by_large").validation[0]
by_slim = runs["taught"].validation[0]
print(f"seed 0 on validation photos: taught by slim {by_slim:.2f} %, by large {by_large:.2f} %")

# %% tags=["demo"] id="headline"
show.paired(
    {name: run.test for name, run in runs.items() if name != "labels alone"},
    runs["labels alone"].test,
    x="points of test accuracy gained over labels alone, one dot for each seed",
    controls=["control: smoothed labels", "control: shuffled teacher"],
    finding="The teacher's gain is small and real. Neither control has any.",
)

# %% [markdown]
# The student is 20 times smaller and 1.40 points behind. The teacher gives 0.36 of a point, with an interval
# of 0.17 to 0.55. Here the controls give nothing: to be told how sure to be was most of the help with 500
# photos, and is worth none with 50,000. What is left is the resemblance: 0.46 of a point between the teacher
# and its shuffled self. Your guess:

# %% tags=["demo"]
guess.reveal(added.mean)

# %% [markdown]
# ## 3. Who teaches best?
#
# Large gets 94 % of the photos right. In the zoo are four smaller networks, down to nano with 83 %.
# Each of them teaches the network of 26,000 weights, with the same 500 photos. How good is the best
# teacher? Commit to a guess.

# %% tags=["demo"]
best_guess = show.guess("03/teacher", "Accuracy of the best teacher", 83, 95, 0.5, "%")

# %% tags=["demo"]
knows, gains = {}, {}
for name in ("nano", "tiny", "small", "medium", "large"):
    network = zoo.load(f"fashion_{name}")
    knows[name] = accuracy(network, validation)
    said[name] = predict(network, pool.images)
    reached = five(lambda seed, logits=said[name]: from_answers(logits))
    gains[f"{name}, {knows[name]:.1f} % right"] = reached
gains["control: small, shuffled"] = five(lambda seed: from_shuffled(said["small"], seed))

# %% tags=["demo"]
show.paired(
    gains,
    plain,
    x="points gained over labels alone, one dot for each run",
    controls=["control: small, shuffled"],
    finding="The best network is not the best teacher: small and tiny add more than large.",
)

# %% [markdown]
# Small, with 92 % right, adds 3.0 points, large with 94 % only 1.7. Even tiny, which has fewer
# weights than its own student, adds 2.9; the two can't be told apart. Nano knows too little. The answer to
# your question is small; a guess near tiny's 90 % is as right.

# %% tags=["demo"]
by_small = gains[f"small, {knows['small']:.1f} % right"]
print(f"small over large: {show.gain(by_small, taught['large'])} points")
best_guess.reveal(knows["small"])

# %% [markdown]
# What has small that large lacks? Look at what both say of the same photo: not the first class, but the
# order and the distance of the others.

# %% tags=["demo"]
photo = 49
show.answers(
    pool.images[photo],
    {f"{name} at temperature 4": (said[name][photo] / 4).softmax(0) for name in ("small", "large")},
    classes,
    label=int(pool.labels[photo]),
    finding="Small tells likely from unlikely mistakes. Large treats all wrong classes much alike.",
)

# %% [markdown]
# Two reasons are known. A strong teacher is **too sure**: what it says of its own training photos
# is close to the label (Cho and Hariharan, 2019; Mirzadeh et al., 2020). And large and medium were
# trained with smoothed labels, which pull all wrong classes to the same value: a network gets
# better by it and a teacher worse (Müller, Kornblith and Hinton, 2019). Is what small says about the
# wrong classes worth more than what large says?

# %% tags=["demo"]
wrong_logits = {
    name: said[name].sort(1).values[:, :-1].std(1).mean() for name in ("small", "large")
}
print(
    "spread of the nine wrong logits:", ", ".join(f"{n} {v:.1f}" for n, v in wrong_logits.items())
)
print(
    f"small over small, shuffled: {show.gain(by_small, gains['control: small, shuffled'])} points"
)
print(f"large over large, shuffled: {resemblance} points")

# %% [markdown]
# About a point, and this interval does not hold 0: the order of the wrong classes helps. Small, shuffled,
# adds 1.9, no less than large with all it knows. These runs can't part the two reasons: in this zoo the
# strong teachers are also the smoothed ones.

# %% [markdown]
# ## 4. More than answers
#
# A teacher also has features: what stands in the network before its last layer. Romero et al. (2015)
# ask the student to predict them. Student and teacher have other widths, 128 and 448 here, so a
# **projector**, a layer that is thrown away afterwards, translates.
#
# **Exercise 2** (core, 2 points, 10 minutes). Compare features.


# %% tags=["exercise"]
def feature_loss(student_feat, teacher_feat, projector):
    """How far the student's features, translated, are from the teacher's (Romero et al., 2015).

    student_feat: (n, width, ...) float tensor. teacher_feat: (n, other width, ...) float tensor.
        Both may want a gradient; the teacher's gets none. Do not change them.
    projector: function from student_feat to a tensor of teacher_feat's shape. Call it; it may be
        a layer that learns too, so gradients must pass through it.
    Returns: scalar tensor, the mean over all numbers of the squared differences.
    Raises: ValueError if what the projector gives has another shape than teacher_feat: torch
        would stretch one to fit the other and compare what does not belong together.
    """
    ### BEGIN SOLUTION
    projected = projector(student_feat)
    if projected.shape != teacher_feat.shape:
        raise ValueError(f"shapes differ: {projected.shape} and {teacher_feat.shape}")
    return F.mse_loss(projected, teacher_feat.detach())
    ### END SOLUTION


# %% tags=["check"]
feature_loss = check(feature_loss)

# %% [markdown]
# Must the student's features be the teacher's, number by number? It would be enough that it finds the
# same photos alike. Below are 40 photos of four classes, in order. A dot is a pair: dark is close.


# %% tags=["demo"]
@torch.no_grad()
def embedding(network, images):
    """What stands before the last layer of a network of the zoo: (n, width)."""
    return network.blocks(torch.relu(network.bn(network.stem(images)))).mean((2, 3))


chosen = torch.cat([(validation.labels == kind).nonzero()[:10, 0] for kind in (2, 4, 5, 7)])
photos = validation.images[chosen]
pairs = {"large": embedding(large, photos)}
pairs["student, 500 labels"] = learn(from_labels(), 0).body(photos).detach()
chart = show.figure(height=3.3)
for at, (name, points) in enumerate(pairs.items()):
    axes = chart.add_subplot(1, 2, at + 1)
    distances = torch.cdist(points, points)
    axes.imshow(distances / distances.mean(), cmap="gray", vmin=0, vmax=2)
    axes.set(title=name, yticks=[])
    axes.set_xticks([5, 15, 25, 35], ["pullover", "coat", "sandal", "sneaker"])
    axes.grid(visible=False)
show.caption(
    chart, "Dark squares: photos that a network finds alike. Large keeps sandals from sneakers."
)

# %% [markdown]
# **Exercise 3** (core, 4 points, 15 minutes). Compare distances: Park et al. (2019) divide each
# network's distances by their mean, so that the size of a space does not matter, and compare pair
# by pair.


# %% tags=["exercise"]
def relational_loss(student_emb, teacher_emb):
    """How differently two networks see which images are close (distance-wise, Park et al., 2019).

    student_emb: (n, width), teacher_emb: (n, other width), float tensors with n >= 2. Both may
        want a gradient; the teacher's gets none. Do not change them.
    Returns: scalar tensor. For each network: the Euclidean distances of all pairs of two different
        images, divided by their mean (where all are 0 they stay 0). Then Huber's loss with
        delta 1 between the student's and the teacher's: half the square of a difference up to 1,
        the difference less 0.5 beyond; the mean over all pairs.
        The gradient must be finite also where two embeddings are equal.

    Steps: distances of the pairs (torch.pdist gives each pair once and is safe at 0); divide;
        F.huber_loss.
    """
    ### BEGIN SOLUTION
    seen = []
    for embeddings in (student_emb, teacher_emb.detach()):
        distances = torch.pdist(embeddings)
        seen.append(distances / distances.mean().clamp_min(1e-9))
    return F.huber_loss(*seen)
    ### END SOLUTION


# %% tags=["check"]
relational_loss = check(relational_loss)

# %% tags=["demo"]
features = torch.cat([embedding(large, batch) for batch in pool.images.split(500)])


def labels_and(extra, share):
    """Labels, and a share of another loss that looks at the student's features."""
    labels = from_labels()
    return lambda model, x, which: (
        labels(model, x, which) + share * extra(model, model.body(x), features[which])
    )


def copies(model, mine, teachers):
    return feature_loss(mine, teachers, model.projector)


def relates(model, mine, teachers):
    return relational_loss(mine, teachers)


closer = {
    "features": five(lambda seed: labels_and(copies, 10.0)),
    "distances": five(lambda seed: labels_and(relates, 50.0)),
    "answers": taught["large"],
}

# %% tags=["demo"]
show.paired(
    closer,
    plain,
    x="points gained over labels alone, one dot for each run",
    finding="Features help, answers help more. Distances are not shown to help here.",
)

# %% [markdown]
# Features add a point, distances a tenth with a band that holds 0, answers 1.7. (The shares 10 and 50 make
# each new loss about as large as that of the labels at the start; they were not tuned.) Both are worth
# remembering where there are no answers to copy: a network that recognises faces or voices has only
# embeddings.

# %% [markdown]
# ## 5. Ten labels a class
#
# Photos are cheap, labels are not. Say 100 of the 50,000 training photos have one, ten a class. A
# teacher can answer for the others, and only what it is sure of is believed (Lee, 2013).
#
# **Exercise 4** (core, 3 points, 10 minutes). Label photos by a teacher.


# %% tags=["exercise"]
def pseudo_label(teacher_logits, threshold):
    """Labels by a teacher, and which of them it is sure of.

    teacher_logits: (n, classes) float tensor; it may want a gradient. Do not change it.
    threshold: float, 0 < threshold <= 1.
    Returns: tuple (labels, keep). labels: (n,) long tensor, for every image the class that the
        teacher finds most probable. keep: (n,) bool tensor, True where its probability
        (softmax, temperature 1) is at least the threshold.
    Raises: ValueError for any other threshold.
    """
    ### BEGIN SOLUTION
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}")
    confidence, labels = teacher_logits.detach().softmax(1).max(1)
    return labels, confidence >= threshold
    ### END SOLUTION


# %% tags=["check"]
pseudo_label = check(pseudo_label)

# %% [markdown]
# Which threshold? Here is what a teacher that knows only the 100 labels keeps of 2,000 photos, and how
# much of that is right. The control is the same number of photos by lot.

# %% tags=["demo"]
few_teacher = zoo.load("fashion_few")
unsure = predict(few_teacher, validation.images)
levels = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
kept, right, lot = [], [], torch.Generator().manual_seed(0)
by_lot = []
for level in levels:
    labels, keep = (torch.as_tensor(part) for part in pseudo_label(unsure, level))
    hits = (labels == validation.labels).float()
    kept.append(100 * keep.float().mean().item())
    right.append(100 * hits[keep.bool()].mean().item())
    by_lot.append(
        100 * hits[torch.randperm(len(hits), generator=lot)[: int(keep.sum())]].mean().item()
    )

# %% tags=["demo"]
show.curves(
    levels,
    {"kept": kept, "of these, right": right, "control: by lot, right": by_lot},
    x="threshold",
    y="photos (%)",
    finding="It knows a little of what it does not know: fewer photos, but better labels.",
)

# %% [markdown]
# At 0.9 it keeps 79 % of the photos, and 79 % of these labels are right; of as many drawn by lot, 71 %. Sure
# it is, right it is not. More labels or better ones: a threshold trades one for the other.
#
# Now the students, five seeds, each with its own 100 labels. The first knows nothing else. The second is
# its own teacher: what the first is sure of by 90 % becomes a label for a new one, so it knows the same
# 100 labels and has the same size. The last is a **reference** that nobody with 100 labels has: large
# answers, and large has seen all 50,000. All three see as many photos in training.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
few = {
    "100 labels": zoo.record("fashion_few"),
    "and its own answers": zoo.record("fashion_few_own_teacher"),
    "reference: large answers": zoo.record("fashion_few_large_teacher"),
}
for name, run in few.items():
    print(f"{name:30} {run.mean_test:.2f} % right on average over {len(run.test)} seeds")
by_own = show.gain(few["and its own answers"].test, few["100 labels"].test)
reference = show.gain(few["reference: large answers"].test, few["100 labels"].test)
print(f"gain by its own answers: {by_own} points; reference: {reference} points")

# %% tags=["demo"]
show.seeds(
    {name: run.test for name, run in few.items()},
    x="test accuracy (%), one dot for each seed",
    controls=["reference: large answers"],
    finding="Its own answers add a point. Those of a network that has seen the labels add over twenty.",
)

# %% [markdown]
# A teacher that knows no more than its student adds 1.2 points, with an interval above 0: unlabelled photos are
# worth something by themselves. Large adds 23. What a teacher is worth depends on what it knows that the
# labels at hand do not say: with all labels that was a third of a point.

# %% [markdown]
# ## 6. A teacher for four bits
#
# Lab 02 stores weights in four bits. First the crude way, without any training: round every weight of
# the distilled student to one of 4, 8, 16, ... 256 values of its filter.


# %% tags=["demo"]
def rounded(network, bits):
    """A copy whose convolutions and last layer have weights of so many bits."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight.data
            scale = quantization.broadcast_along(
                quantization.per_channel_scales(weight, bits), weight
            )
            codes = quantization.quantize(weight, scale, bits=bits)
            layer.weight.data = quantization.dequantize(codes, scale)
    return network


student = zoo.load("fashion_student_distilled")
widths = [2, 3, 4, 5, 6, 8]
by_rounding = [accuracy(rounded(student, bits), validation) for bits in widths]

# %% tags=["demo"]
show.curves(
    widths,
    {"rounded, not trained": by_rounding},
    x="bits of a weight",
    y="validation accuracy (%)",
    reference=accuracy(student, validation),
    finding="Down to 5 bits rounding is nearly free. At 4 it starts to hurt, below it ruins.",
)

# %% [markdown]
# Then trained on while rounded (lab 02 explains how), with the teacher and, as the control, with labels
# only: the same start (the taught student), epochs and bits. So the difference is what a teacher adds during
# the rounding. Three seeds, the same for all rows.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
four_bits = {
    "32 bits, taught": runs["taught"],
    "4 bits, taught": zoo.record("fashion_student_w4"),
    "control: 4 bits, labels": zoo.record("fashion_student_w4_plain"),
}
four_tests = {name: run.test[:3] for name, run in four_bits.items()}
for name, run in four_bits.items():
    mean = sum(four_tests[name]) / 3
    print(f"{name:24} {mean:.2f} % right, {run.size_bytes[0] / 1000:.0f} kB")
four = show.gain(four_bits["4 bits, taught"].test, four_bits["control: 4 bits, labels"].test)
print(f"gain by the teacher at 4 bits: {four} points")

# %% tags=["demo"]
show.seeds(
    four_tests,
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1000:.0f} kB" for name, run in four_bits.items()},
    controls=["control: 4 bits, labels"],
    finding="Four bits cost nothing that three seeds can show. The teacher is not needed for it.",
)

# %% [markdown]
# The file shrinks to 84 kB, a hundred and thirtieth of large, and loses nothing that three seeds can show. But
# it was the labels that healed it as well as the teacher, or better: what the teacher had to give was in the
# student already. A control can take a claim away, and we meant to claim the opposite.

# %% [markdown]
# ## The scorecard
#
# Large, and three students: the file that ships, the work, the time here and now, energy, carbon
# and rent. Accuracy is taken on 2,000 test photos, where half a point is chance; the figures over
# five seeds above are the ones to quote. The four-bit student runs as float here: its gain is in
# the file.

# %% tags=["demo"] id="scorecard"
test, image = fashion_mnist("test", 2000), validation.images[:1]
in_zoo = {"large": "fashion_large", "student, labels": "fashion_student"}
in_zoo |= {"student, taught": "fashion_student_distilled", "taught, 4 bits": "fashion_student_w4"}
in_runtime = {name: deploy.runnable(zoo.load(key), image, name) for name, key in in_zoo.items()}
timings = measure.latency(in_runtime, image, budget_s=3)
energies = measure.energy(in_runtime, image)
cards = []
for name, key in in_zoo.items():
    shipped = TorchRunnable(zoo.load(key), image, file=zoo.record(key).file, name=name)
    card = measure.scorecard(shipped, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% [markdown]
# The two float students are the same network with other values in its weights, so bytes, time and
# energy are the same. What a teacher adds is free where the network runs; it is paid once, in
# training.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Two ways to look at a student and its teacher. They are optional; the story is complete without them.
#
# **Exercise 5** (extra, 2 points, 10 minutes). Where does a layer look? Zagoruyko and Komodakis (2017) add
# up the squares of all channels at each place: bright is where much goes on.


# %% tags=["exercise"]
def attention_map(feat):
    """How much goes on at each place of a layer's output.

    feat: (n, channels, h, w) float tensor. Do not change it.
    Returns: (n, h * w) tensor, row by row: the sum over the channels of the squares at each place,
        divided by the Euclidean length of the image's map, so that each map has length 1.
        An image whose features are all 0 keeps a map of zeros.
    """
    ### BEGIN SOLUTION
    return F.normalize(feat.square().sum(1).flatten(1), dim=1)
    ### END SOLUTION


# %% tags=["check"]
attention_map = check(attention_map)

# %% tags=["demo"]
looked = validation.images[[45, 707, 37, 8, 3]]
lookers = {"large": large, "taught": student, "labels": zoo.load("fashion_student")}
chart = show.figure(height=4.2)
for row, (name, network) in enumerate(lookers.items()):
    with torch.no_grad():
        first = network.blocks[:1](torch.relu(network.bn(network.stem(looked))))
    maps = torch.as_tensor(attention_map(first)).view(-1, 14, 14)
    for column, one in enumerate(maps):
        axes = chart.add_subplot(3, 5, 5 * row + column + 1)
        axes.imshow(looked[column, 0], cmap="gray_r", extent=(0, 1, 0, 1))
        axes.imshow(one, cmap="Oranges", alpha=0.65, extent=(0, 1, 0, 1))
        axes.set(title="" if column else name, xticks=[], yticks=[])
        axes.grid(visible=False)
show.caption(
    chart, "Orange: where the first block is most active. All three look at edges and outlines."
)

# %% [markdown]
# The first blocks look alike, taught or not; nobody asked them to. A loss between such maps needs no
# projector: they have the same size whatever the widths.
#
# **Exercise 6** (extra, 1 point, 5 minutes). How often do student and teacher say the same, right
# or wrong?


# %% tags=["exercise"]
def agreement(student_logits, teacher_logits):
    """The share of images for which both networks find the same class most probable.

    student_logits, teacher_logits: (n, classes) float tensors with n >= 1. Do not change them.
    Returns: float or 0-d tensor, between 0 and 1.
    """
    ### BEGIN SOLUTION
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).float().mean().item()
    ### END SOLUTION


# %% tags=["check"]
agreement = check(agreement)

# %% tags=["demo"]
by_large = predict(large, validation.images)
mistaken = by_large.argmax(1) != validation.labels
for name in ("labels", "taught"):
    own = predict(lookers[name], validation.images)
    everywhere, there = agreement(own, by_large), agreement(own[mistaken], by_large[mistaken])
    print(f"{name:7} agrees with large on {100 * everywhere:.1f} % of all photos", end=" ")
    print(f"and on {100 * there:.1f} % of those that large gets wrong")

# %% [markdown]
# Two networks that learned from the same photos make two thirds of their mistakes in common, taught
# or not: the photos are hard, or their labels wrong. The taught one copies a few more, too few here
# to be sure. Whoever distils a network distils its faults and prejudices too, and no accuracy shows
# it.

# %% [markdown]
# ## Open challenge: 60 kB
#
# A network whose file has at most **60,000 bytes**, as many validation photos right as you can
# manage. The line to beat is `fashion_tiny` of the zoo, which had labels only. You may choose the
# network, the teachers (the mean of several answers is a teacher too), the temperature, the photos, and
# as many epochs as you have patience for. Here is a start that takes seconds, and is far from it.

# %% tags=["demo"]
torch.manual_seed(0)
mine = ResidualNet(ResidualConfig.of(4, (8, 2), (12, 2), (24, 2)))  # yours: change any of these
teacher = distillation.from_teacher(zoo.load("fashion_small"), temperature=4.0, alpha=0.9)
how = TrainConfig(epochs=3, lr=0.05, batch_size=64, augment=False)
fit(mine, pool, how, loss=teacher)

file, right = my_work() / "03_challenge.safetensors", accuracy(mine, validation)
size = save_model(mine, file)
verdict = "within the budget" if size <= 60_000 else "OVER the budget"
print(f"{size:,} bytes, {verdict}; {right:.1f} % right")
keep_best(file, right, within=size <= 60_000)
print(f"to beat: {accuracy(zoo.load('fashion_tiny'), validation):.1f} % right")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - trained a student of a twentieth of the size to within 1.4 points of large, 0.36 of a point by its teacher;
# - told by controls what a teacher gives: how sure to be where photos are few, resemblance where they are many;
# - seen a smaller network teach better than the largest, and a good teacher matter most where labels are few.
#
# **Limits.** Garments of ten kinds, photos of 28x28 pixels. The experiments with 500 photos used
# one small network; which teacher is best depends on student, temperature and photos. Whether large
# teaches badly because it is strong or because its labels were smoothed is not decided here. A gain
# of some tenths of a point is real over five seeds, and still small.
#
# **Papers.** Hinton et al. 2015 (arXiv 1503.02531); Romero et al. 2015 (1412.6550); Zagoruyko and
# Komodakis 2017 (1612.03928); Park et al. 2019 (1904.05068); Cho and Hariharan 2019 (1910.01348);
# Müller et al. 2019 (1906.02629); Mirzadeh et al. 2020 (1902.03393); Lee 2013 (ICML workshop).
#
# Next: **lab 04, the compression pipeline**. Pruned, rounded, taught: now all of it in one file, to
# the last bit.
