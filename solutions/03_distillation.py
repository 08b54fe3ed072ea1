# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 03: Knowledge distillation
#
# **With only ten labels for each class, a good teacher is worth over 20 percentage points. With all
# 50,000 labels, is it worth anything at all?** You will write the loss by which one network teaches
# another, find out by controls which part of a teacher's answer helps, and compare five teachers.
# Some results will not be what you expect. They were not what we expected either.
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
# The label of both images below is "sandal", and a label can't say more. The large network can:
# its probabilities say that the first looks a little like a boot, the second a little like a
# sneaker.

# %% tags=["demo"]
two = validation.images[[45, 707]]
probabilities = large(two).softmax(1).detach()
show.answers(
    two[0],
    {"the label": F.one_hot(torch.tensor(5), 10), "the network": probabilities[0]},
    classes,
    label=5,
    finding="A sandal with a high heel. The network gives the boot a probability of 8 %.",
)

# %% tags=["demo"]
show.answers(
    two[1],
    {"the label": F.one_hot(torch.tensor(5), 10), "the network": probabilities[1]},
    classes,
    label=5,
    finding="A flat sandal with the same label. The network thinks of a sneaker, not of a boot.",
)

# %% [markdown]
# Such probabilities of all classes are **soft labels**; the usual label is a **hard label**.
# Hinton, Vinyals and Dean (2015) called what soft labels add **dark knowledge**: which wrong
# answers are almost right. In **knowledge distillation** a small network, the **student**, is
# trained on the soft labels of a large one, the **teacher**. What it is good for:
#
# - **Energy.** The student of this lab has less than a quarter of the MACs (multiply-accumulates)
#   of large, and its weights stay on the chip (lab 00).
# - **Real time.** It is a small dense network, and every runtime computes it faster.
# - **Low cost.** It needs few labels: a label costs a person's time, a soft label one **inference**
#   of the teacher.
#
# Which classes does large confuse? Here is the mean over 2,000 images.

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
    x="wrong class",
    unit="fraction of the probability that is not on the right class (%)",
    finding="Bright cells: T-shirts are confused with shirts, boots with sneakers, both ways.",
)

# %% [markdown]
# Nobody told the network that boots are closer to sneakers than to dresses. A hard label never says
# so.

# %% [markdown]
# ## Predict
#
# The student has 135,000 weights, large has 2.8 million. Trained for 16 epochs on all 50,000 hard
# labels, it reaches a test accuracy of 92.4 %. Now it is trained again in the same way, but mostly
# on soft labels of a teacher, with the hard labels at a small weight. How many percentage points
# does that add? Commit to a guess.

# %% tags=["demo"]
question = "Percentage points that the teacher adds"
guess = show.guess("03/gain", question, -1, 4, 0.1, "points", start=0)

# %% [markdown]
# ## 1. Temperature
#
# A good network is so sure of itself that its soft labels are almost hard. So its **logits** *z*,
# the ten numbers before the softmax, are first divided by a **temperature** *T*:
#
# $$p_i = \frac{\exp(z_i / T)}{\sum_j \exp(z_j / T)}$$
#
# At *T* = 1 nothing changes. The higher *T* is, the larger the small probabilities become. At
# infinity all are equal. Move the slider.

# %% tags=["demo"]
shirt = predict(zoo.load("fashion_small"), validation.images[37:38])[0]


def at_temperature(axes, temperature):
    show.answer_bars(axes, (shirt / temperature).softmax(0), classes, label=6)


show.slider_figure(at_temperature, [1, 2, 4, 8, 16], "temperature", static=[1, 4, 16], height=3.2)

# %% [markdown]
# The image is a shirt, and these are the small network's probabilities. At temperature 1 the
# shirt has 92 %. At 4 it has 39 %, the T-shirt 20 %, the coat 14 % and the boot under 2 %. At 16
# the order is the same, but almost all classes look equally likely.
#
# The student's logits are divided by the same temperature. Its distance from the teacher is the
# **Kullback-Leibler divergence** (KL divergence), which is zero if both agree. With the teacher's
# probabilities *p* and the student's *q* it is $D = \sum_i p_i (\log p_i - \log q_i)$. The hard
# labels keep a part of the loss, at temperature 1.

# %% [markdown]
# One detail. The gradient of *D* shrinks with *T* twice: the chain rule divides by *T*, and two
# softened answers are about *T* times closer together. The factor $T^2$ undoes both, so that a
# change of temperature does not shift the balance of teacher and labels. The plot after the
# exercise shows how well that works.
#
# **Exercise 1** (core, 4 points, 15 minutes). Write the loss.


# %% tags=["exercise"]
def kd_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """Compute the loss of knowledge distillation (Hinton, Vinyals and Dean, 2015).

    student_logits, teacher_logits: (n, classes) float tensors. Both may require a gradient; the
        teacher's gets none. Do not change them. They may be large, 1e4 and more.
    labels: (n,) long tensor, the right classes.
    temperature: float above 0.
    alpha: float in [0, 1], the weight of the teacher.
    Returns: scalar tensor, alpha * temperature**2 * D + (1 - alpha) * C. D is the divergence
        KL(teacher || student) of the softmax of logits / temperature. C is the cross entropy of
        the student's logits, at temperature 1, with the labels. Both are means over the n images.
    Raises: ValueError for a temperature of 0 or below.
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
# What does the factor $T^2$ do? Below is the length of the gradient that a small network gets from
# large, at several temperatures, with and without it.

# %% tags=["demo"]
temperatures = [1, 2, 4, 8, 16]
some = validation[:200]
teacher_logits = predict(large, some.images)
by_teacher, by_labels = [], []
for temperature in temperatures:
    for alpha, lengths in ((1.0, by_teacher), (0.0, by_labels)):
        logits = predict(zoo.load("fashion_nano"), some.images).requires_grad_()
        kd_loss(logits, teacher_logits, some.labels, temperature, alpha).backward()
        lengths.append(logits.grad.norm().item())

# %% tags=["demo"]
show.curves(
    temperatures,
    {
        "teacher": by_teacher,
        "teacher, without T²": [g / t**2 for g, t in zip(by_teacher, temperatures, strict=True)],
        "hard labels": by_labels,
    },
    x="temperature",
    y="length of the gradient",
    finding="Without the factor T² the teacher's gradient vanishes at high temperatures.",
)

# %% [markdown]
# With the factor, the teacher's gradient settles from about *T* = 4 on. Without it only the labels
# would count at high temperatures, and each temperature would need another alpha.

# %% [markdown]
# ## 2. Teach, with controls
#
# First at a size that trains in a second: a network of 26,000 weights and 500 images to learn from.
# Large classifies 2,500 images once. Then each of five runs gets 500 of them with their soft
# labels.


# %% tags=["demo"]
pool = fashion_mnist("train", 2500)
logits_of = {"large": predict(large, pool.images)}


class Small(nn.Module):
    """One hidden layer over 14x14 pixels. The projector is for part 4; forward does not use it."""

    def __init__(self, teacher_width=448):
        super().__init__()
        self.body = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(196, 128), nn.ReLU())
        self.head = nn.Linear(128, 10)
        self.projector = nn.Linear(128, teacher_width)

    def forward(self, x):
        return self.head(self.body(x))


# %% [markdown]
# The training loop gives a loss the network, the images and their labels. Our losses also need to
# know *which* images these are, to look up the teacher's logits. So each image's index replaces its
# label, and the loss looks up both.


# %% tags=["demo"]
def learn(loss, seed):
    """Train a new small network on the 500 images of this seed."""
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
# A gain proves nothing until we know its cause. So besides the student trained on hard labels there
# are two **controls**. **Label smoothing** takes a tenth of the probability from every hard label
# and spreads it evenly over the classes. It says "do not be too sure" and nothing else. The
# **shuffled teacher** gives the right class the probability that large gives it, image by image,
# but it shuffles the probabilities of the other classes at random each time. It knows which images
# are hard, but not what they resemble.
#
# Temperature 4 and alpha 0.9 are the values with which the zoo's students were trained. Nothing was
# tuned for these small runs, neither for a teacher nor for a control.


# %% tags=["demo"]
def from_shuffled(logits, seed):
    generator = torch.Generator().manual_seed(seed)
    return lambda model, x, which: kd_loss(
        model(x),
        distillation.shuffled_teacher(logits[which], generator),
        pool.labels[which],
        4.0,
        0.9,
    )


def five(make):
    """Return the validation accuracy of five runs. make: seed -> loss."""
    return [accuracy(learn(make(seed), seed), validation) for seed in range(5)]


# %% tags=["demo"]
plain = five(lambda seed: from_labels())
by_loss = {
    "control: label smoothing": five(lambda seed: from_labels(0.1)),
    "control: large, shuffled": five(lambda seed: from_shuffled(logits_of["large"], seed)),
    "large": five(lambda seed: from_answers(logits_of["large"])),
}

# %% tags=["demo"]
large_adds = show.gain(by_loss["large"], plain).mean
show.paired(
    by_loss,
    plain,
    x="points gained over hard labels, one dot for each run",
    controls=["control: label smoothing", "control: large, shuffled"],
    finding=f"Large adds {large_adds:.1f} points. A band is the 95 % confidence interval of a mean.",
)

# %% [markdown]
# Each dot is the difference of two runs with the same 500 images and the same initial weights, so
# what makes a run lucky cancels out. That is a **paired comparison**, and it is why five runs can
# tell something. A 95 % **confidence interval** contains the true mean in 95 of 100 such
# experiments. If it includes 0, no gain is proven.
#
# The shuffled teacher tells only which images are hard. What large adds to that is the dark
# knowledge:


# %% tags=["demo"]
def proven(gain):
    """The gain in words, with what its interval says about 0."""
    return f"{gain} points, {'includes 0' if gain.low <= 0 <= gain.high else 'does not include 0'}"


resemblance = show.gain(by_loss["large"], by_loss["control: large, shuffled"])
print("large over large, shuffled:", proven(resemblance))

# %% [markdown]
# When this lab was built, the difference was half a point and the interval included 0. Five runs
# of this size do not prove that dark knowledge helps at all, and without the control we would have
# believed it. Part 3 looks for the reason.

# %% [markdown]
# ## The full training, five times
#
# The student of 135,000 weights, all 50,000 images, 16 epochs: that takes minutes, so it comes from
# the zoo, the course's collection of trained networks. All four rows have the same network, seeds,
# epochs and recipe, and differ in what they were trained on. The teacher is slim from lab 01, which
# has a quarter of the MACs of large. It is cheaper to ask and not a worse teacher, as the last line
# below shows. No choice was based on the test images.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
runs = {
    "hard labels": zoo.record("fashion_student"),
    "control: label smoothing": zoo.record("fashion_student_smoothed"),
    "control: shuffled teacher": zoo.record("fashion_student_shuffled"),
    "distilled": zoo.record("fashion_student_distilled"),
}
for name, run in runs.items():
    print(f"{name:25} mean accuracy {run.mean_test:.2f} % over {len(run.test)} seeds")
whole = zoo.record("fashion_large")
smaller = whole.size_bytes[0] / runs["distilled"].size_bytes[0]
behind = whole.mean_test - runs["distilled"].mean_test
added = show.gain(runs["distilled"].test, runs["hard labels"].test)
print(f"{smaller:.1f}x smaller than large, {behind:.2f} points behind it")
over = show.gain(runs["distilled"].test, runs["control: shuffled teacher"].test)
print(f"gain by the teacher: {added} points over hard labels")
print(f"                     {over} points over the shuffled teacher")
by_large = zoo.record("fashion_student_by_large").validation[0]
by_slim = runs["distilled"].validation[0]
print(f"seed 0 on validation images: teacher slim {by_slim:.2f} %, teacher large {by_large:.2f} %")

# %% tags=["demo"] id="headline"
show.paired(
    {name: run.test for name, run in runs.items() if name != "hard labels"},
    runs["hard labels"].test,
    x="points of test accuracy gained over hard labels, one dot for each seed",
    controls=["control: label smoothing", "control: shuffled teacher"],
    finding="The teacher's gain is small, and its interval does not include 0. The controls' do.",
)

# %% [markdown]
# The student is 20 times smaller than large and 1.40 points behind. The teacher adds 0.36 points,
# with an interval of 0.17 to 0.55. Here the controls add nothing. With 500 images, knowing which
# are hard was most of the help; with 50,000 it is worth nothing. What remains is the dark
# knowledge: 0.46 points between the teacher and its shuffled self. Your guess:

# %% tags=["demo"]
guess.reveal(added.mean)

# %% [markdown]
# ## 3. Who teaches best?
#
# Large has an accuracy of 94 %. The zoo has four smaller networks, down to nano with 84 %. Each of
# them now teaches the network of 26,000 weights, with the same 500 images. How accurate is the best
# teacher? Commit to a guess.

# %% tags=["demo"]
best_guess = show.guess("03/teacher", "Accuracy of the best teacher", 83, 95, 0.5, "%")

# %% tags=["demo"]
knows, gains = {}, {}
for name in ("nano", "tiny", "small", "medium", "large"):
    network = zoo.load(f"fashion_{name}")
    knows[name] = accuracy(network, validation)
    logits_of[name] = predict(network, pool.images)
    gains[name] = five(lambda seed, logits=logits_of[name]: from_answers(logits))
best = max(knows, key=lambda name: sum(gains[name]))
shuffled = five(lambda seed: from_shuffled(logits_of["small"], seed))

# %% tags=["demo"]
show.paired(
    {f"{name}, accuracy {knows[name]:.1f} %": gain for name, gain in gains.items()}
    | {"control: small, shuffled": shuffled},
    plain,
    x="points gained over hard labels, one dot for each run",
    controls=["control: small, shuffled"],
    finding=f"The best teacher here is {best}, with an accuracy of {knows[best]:.1f} %.",
)

# %% [markdown]
# The most accurate network is not the best teacher. When this lab was built, small added 3.0 points
# and large only 1.7. Even tiny, which has fewer weights than its student, was as good as small: the
# two can't be told apart. Nano knows too little. Your guess, and the teachers that these runs can't
# tell from the best:

# %% tags=["demo"]
print("small over large:", proven(show.gain(gains["small"], gains["large"])))
others = [name for name in knows if name != best]
equal = [best, *(n for n in others if show.gain(gains[best], gains[n]).low <= 0)]
between = min(knows[name] for name in equal), max(knows[name] for name in equal)
best_guess.reveal(knows[best], between=between)

# %% [markdown]
# What does small have that large lacks? Compare their soft labels of one image: not the first
# class, but the order and the distances of the others.

# %% tags=["demo"]
example = 49
show.answers(
    pool.images[example],
    {
        f"{name} at temperature 4": (logits_of[name][example] / 4).softmax(0)
        for name in ("small", "large")
    },
    classes,
    label=int(pool.labels[example]),
    finding="Small separates likely from unlikely mistakes. Large finds all wrong classes alike.",
)

# %% [markdown]
# Two reasons are known. A strong teacher is overconfident: its soft labels of its own training
# images are close to the hard labels (Cho and Hariharan, 2019; Mirzadeh et al., 2020). And large
# and medium were trained with label smoothing, which pulls all wrong classes to the same value. It
# makes a network better and a teacher worse (Müller, Kornblith and Hinton, 2019). Does small's
# order of the wrong classes help more than large's?

# %% tags=["demo"]
wrong_logits = {
    name: logits_of[name].sort(1).values[:, :-1].std(1).mean() for name in ("small", "large")
}
spread = ", ".join(f"{name} {value:.1f}" for name, value in wrong_logits.items())
print("standard deviation of the nine wrong logits:", spread)
print("small over small, shuffled:", proven(show.gain(gains["small"], shuffled)))
print("large over large, shuffled:", proven(resemblance))

# %% [markdown]
# When this lab was built, small gained a point over its shuffled self, and the interval did not
# include 0: the order of the wrong classes helps. Small, shuffled, was as good as large with all
# that it knows. These runs can't separate the two reasons, because in this zoo the strong teachers
# are also those with label smoothing.

# %% [markdown]
# ## 4. More than soft labels
#
# A teacher also has **features**: the activations before its last layer. In **feature
# distillation** Romero et al. (2015) train the student to predict them. Student and teacher have
# different widths, 128 and 448 here, so a **projector** translates. It is a layer that is thrown
# away after the training.
#
# **Exercise 2** (core, 2 points, 10 minutes). Compare features.


# %% tags=["exercise"]
def feature_loss(student_feat, teacher_feat, projector):
    """Compute the loss of feature distillation (Romero et al., 2015).

    student_feat: (n, width, ...) float tensor.
    teacher_feat: (n, other width, ...) float tensor. Both may require a gradient; the teacher's
        gets none. Do not change them.
    projector: function from student_feat to a tensor of teacher_feat's shape. It may be a layer
        that is trained too, so gradients must pass through it.
    Returns: scalar tensor, the mean of the squared differences over all numbers.
    Raises: ValueError if the projector's output has another shape than teacher_feat. Torch would
        broadcast one to the other and compare numbers that do not belong together.
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
# Must the student's features equal the teacher's, number by number? It would be enough if the
# student found the same images similar. Below are 40 images of four classes, in order. A dot is a
# pair of images: dark means close.


# %% tags=["demo"]
@torch.no_grad()
def embedding(network, images):
    """The features before the last layer of a network of the zoo: (n, width)."""
    return network.blocks(torch.relu(network.bn(network.stem(images)))).mean((2, 3))


chosen = torch.cat([(validation.labels == kind).nonzero()[:10, 0] for kind in (2, 4, 5, 7)])
forty = validation.images[chosen]
pairs = {"large": embedding(large, forty)}
pairs["student, 500 labels"] = learn(from_labels(), 0).body(forty).detach()
chart = show.figure(height=3.3)
for at, (name, points) in enumerate(pairs.items()):
    axes = chart.add_subplot(1, 2, at + 1)
    distances = torch.cdist(points, points)
    axes.imshow(distances / distances.mean(), cmap="gray", vmin=0, vmax=2)
    axes.set(title=name, yticks=[])
    axes.set_xticks([5, 15, 25, 35], ["pullover", "coat", "sandal", "sneaker"])
    axes.grid(visible=False)
show.caption(
    chart,
    "Dark squares: images that a network finds similar. Large separates sandals and sneakers.",
)

# %% [markdown]
# **Exercise 3** (core, 4 points, 15 minutes). **Relational distillation** compares distances. Park
# et al. (2019) divide each network's distances by their mean, so that the scale of the features
# does not matter, and compare pair by pair.


# %% tags=["exercise"]
def relational_loss(student_emb, teacher_emb):
    """Compute the distance-wise loss of relational distillation (Park et al., 2019).

    student_emb: (n, width) float tensor with n >= 2.
    teacher_emb: (n, other width) float tensor. Both may require a gradient; the teacher's gets
        none. Do not change them.
    Returns: scalar tensor. For each network: the Euclidean distances of all pairs of two different
        images, divided by their mean (where all are 0 they stay 0). Then the Huber loss with
        delta 1 between the student's and the teacher's distances: half the square of a difference
        up to 1, the difference minus 0.5 beyond. The mean over all pairs.
        The gradient must be finite, also where two embeddings are equal.
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


def labels_and(extra, weight):
    """Hard labels, plus `weight` times another loss of the student's features."""
    labels = from_labels()
    return lambda model, x, which: (
        labels(model, x, which) + weight * extra(model, model.body(x), features[which])
    )


def copies(model, mine, teachers):
    return feature_loss(mine, teachers, model.projector)


def relates(model, mine, teachers):
    return relational_loss(mine, teachers)


closer = {
    "features": five(lambda seed: labels_and(copies, 10.0)),
    "distances": five(lambda seed: labels_and(relates, 50.0)),
    "soft labels": by_loss["large"],
}

# %% tags=["demo"]
most = max(closer, key=lambda way: sum(closer[way]))
show.paired(
    closer,
    plain,
    x="points gained over hard labels, one dot for each run",
    finding=f"Of three ways to learn from large, {most} add most. A band that includes 0 proves no gain.",
)

# %% [markdown]
# When this lab was built, feature distillation added 1.0 points, relational distillation 0.1 with
# an interval that includes 0, and soft labels 1.7. (The weights 10 and 50 make each new loss about
# as large as the loss of the labels at the start. They were not tuned.) Feature and relational
# distillation are of use where there are no soft labels to copy: a network that recognizes faces
# or voices has only embeddings, the vectors of features by which it compares.

# %% [markdown]
# ## 5. Ten labels a class
#
# Images are cheap, labels are not. Suppose that only 100 of the 50,000 training images have a
# label, ten for each class. In **pseudo-labeling** (Lee, 2013) a teacher's answers label the
# others, but only where the teacher is sure enough.
#
# **Exercise 4** (core, 3 points, 10 minutes). Label images by a teacher.


# %% tags=["exercise"]
def pseudo_label(teacher_logits, threshold):
    """Return a teacher's labels, and which of them it is sure of.

    teacher_logits: (n, classes) float tensor; it may require a gradient. Do not change it.
    threshold: float, 0 < threshold <= 1.
    Returns: tuple (labels, keep). labels: (n,) integer tensor, for every image the class that the
        teacher finds most probable. keep: (n,) bool tensor (numbers 1 and 0 are accepted too), True
        where its probability (softmax, temperature 1) is at least the threshold.
    Raises: ValueError for a threshold of 0 or below, or above 1.
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
# Which threshold? Here is what a teacher that knows only the 100 labels keeps of 2,000 images, and
# the accuracy of its pseudo-labels. The control keeps the same number of images at random.

# %% tags=["demo"]
few_teacher = zoo.load("fashion_few")
unsure = predict(few_teacher, validation.images)
levels = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
kept, right, at_random = [], [], []
generator = torch.Generator().manual_seed(0)
for level in levels:
    labels, keep = (torch.as_tensor(part) for part in pseudo_label(unsure, level))
    hits = (labels == validation.labels).float()
    kept.append(100 * keep.float().mean().item())
    right.append(100 * hits[keep.bool()].mean().item())
    chosen = torch.randperm(len(hits), generator=generator)[: int(keep.sum())]
    at_random.append(100 * hits[chosen].mean().item())

# %% tags=["demo"]
show.curves(
    levels,
    {"kept": kept, "accuracy of these": right, "control: accuracy at random": at_random},
    x="threshold",
    y="images (%)",
    finding="A higher threshold keeps fewer images with better labels.",
)

# %% [markdown]
# At a threshold of 0.9 the teacher keeps 79 % of the images, and 79 % of these labels are right; of
# as many images at random, 71 %. It is confident but often wrong. A threshold trades more labels
# for better ones.
#
# Now the students: five seeds, each with its own 100 labels. The first is trained on those alone.
# The second has the first as its teacher: each label that the first gives with a probability of
# at least 0.9 is used, together with the 100 labels, to train a new network of the same size. The
# last is a *reference* that nobody with 100 labels has: large answers, and large was trained on
# all 50,000. All three see the same number of images in training.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
few = {
    "100 labels": zoo.record("fashion_few"),
    "plus own pseudo-labels": zoo.record("fashion_few_own_teacher"),
    "reference: labels by large": zoo.record("fashion_few_large_teacher"),
}
for name, run in few.items():
    print(f"{name:26} mean accuracy {run.mean_test:.2f} % over {len(run.test)} seeds")
by_own = show.gain(few["plus own pseudo-labels"].test, few["100 labels"].test)
reference = show.gain(few["reference: labels by large"].test, few["100 labels"].test)
print(f"gain by own pseudo-labels: {by_own} points; reference: {reference} points")

# %% tags=["demo"]
show.seeds(
    {name: run.test for name, run in few.items()},
    x="test accuracy (%), one dot for each seed",
    controls=["reference: labels by large"],
    finding="Own pseudo-labels add one point. Labels by large add over twenty.",
)

# %% [markdown]
# A teacher that knows no more than its student adds 1.2 points, with an interval above 0: images
# without labels are worth something by themselves. Large adds 23 points. A teacher is worth what it
# knows beyond the labels at hand. With all labels, that was a third of a point.

# %% [markdown]
# ## 6. A teacher for four bits
#
# Lab 02 stores weights in four bits. First the crude way, **post-training quantization** (PTQ):
# round every weight of the distilled student to one of 4, 8, 16, ... 256 values of its filter,
# without any training.


# %% tags=["demo"]
def rounded(network, bits):
    """A copy whose convolutions and last layer have weights of `bits` bits."""
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
    {"post-training quantization": by_rounding},
    x="bits of a weight",
    y="validation accuracy (%)",
    reference=accuracy(student, validation),
    finding="The line is the float32 student. Below four bits the accuracy collapses.",
)

# %% [markdown]
# The better way is **quantization-aware training** (QAT): train further while the weights are
# rounded. Lab 02 explains how. Here it is done with the teacher and, as the control, with hard
# labels only. Both start from the distilled student, with the same epochs and bits, so the
# difference is what the teacher adds during QAT. Three seeds, the same for all rows.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
four_bits = {
    "32 bits, distilled": runs["distilled"],
    "4 bits, teacher": zoo.record("fashion_student_w4"),
    "control: 4 bits, hard labels": zoo.record("fashion_student_w4_plain"),
}
four_tests = {name: run.test[:3] for name, run in four_bits.items()}
for name, run in four_bits.items():
    mean = sum(four_tests[name]) / 3
    print(f"{name:28} mean accuracy {mean:.2f} %, {run.size_bytes[0] / 1000:.0f} kB")
four = show.gain(four_bits["4 bits, teacher"].test, four_bits["control: 4 bits, hard labels"].test)
print(f"gain by the teacher at 4 bits: {four} points")

# %% tags=["demo"]
show.seeds(
    four_tests,
    x="test accuracy (%), one dot for each seed",
    notes={name: f"{run.size_bytes[0] / 1000:.0f} kB" for name, run in four_bits.items()},
    controls=["control: 4 bits, hard labels"],
    finding="The loss by four bits is too small for three seeds, with the teacher or without.",
)

# %% [markdown]
# The file shrinks to 84 kB, less than a hundredth of large, and loses nothing that three seeds can
# show. But the hard labels did as well as the teacher: what the teacher had to give was in the
# student already. We had meant to show the opposite. A control can refute a claim.

# %% [markdown]
# ## The scorecard
#
# The **scorecard** of large and three students: the file that ships, MACs, memory, the time here
# and now, energy, carbon and cloud cost. The accuracy is taken on 2,000 test images, where its 95 %
# confidence interval is about one point to each side. The four-bit student runs as float here: it
# saves only bytes of the file.

# %% tags=["demo"] id="scorecard"
test, image = fashion_mnist("test", 2000), validation.images[:1]
in_zoo = {"large": "fashion_large", "hard labels": "fashion_student"}
in_zoo |= {"distilled": "fashion_student_distilled", "distilled, 4 bits": "fashion_student_w4"}
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
# The two float students are the same network with different weights, so bytes, time and energy are
# the same. What a teacher adds costs nothing at inference; you pay for it once, in training.
#
# Now look at the accuracies, and at the **Pareto front** below, the networks that no other beats in
# both accuracy and bytes. On these 2,000 images and for this one seed the student with hard labels
# is ahead. On all 10,000 images and over five seeds it is behind by 0.36 points. Had we trusted one
# scorecard, we would have reported the opposite.

# %% tags=["demo"]
show.pareto(cards, x="size_bytes", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Two ways to compare a student and its teacher. They are optional; the lab is complete without
# them.
#
# **Exercise 5** (extra, 2 points, 10 minutes). Where does a layer look? For **attention transfer**,
# Zagoruyko and Komodakis (2017) add up the squares of all channels at each position. The result is
# a map: bright where the layer is active.


# %% tags=["exercise"]
def attention_map(feat):
    """Return the attention maps of a layer's output.

    feat: (n, channels, h, w) float tensor. Do not change it.
    Returns: (n, h * w) tensor, row by row: the sum of the squares over the channels at each
        position, divided by the Euclidean length of the image's map, so that each map has
        length 1. An image whose features are all 0 has a map of zeros.
    """
    ### BEGIN SOLUTION
    return F.normalize(feat.square().sum(1).flatten(1), dim=1)
    ### END SOLUTION


# %% tags=["check"]
attention_map = check(attention_map)

# %% tags=["demo"]
looked = validation.images[[45, 707, 37, 8, 3]]
lookers = {"large": large, "distilled": student, "hard labels": zoo.load("fashion_student")}
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
    chart, "Orange: where the first block is most active. In all three it is at edges and outlines."
)

# %% [markdown]
# The first blocks look alike, distilled or not, although nobody asked them to. A loss that compares
# such maps needs no projector: the maps have the same size whatever the widths.
#
# **Exercise 6** (extra, 1 point, 5 minutes). How often do student and teacher give the same answer,
# right or wrong?


# %% tags=["exercise"]
def agreement(student_logits, teacher_logits):
    """Return the fraction of images for which both networks predict the same class.

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
for name in ("hard labels", "distilled"):
    own = predict(lookers[name], validation.images)
    everywhere, there = agreement(own, by_large), agreement(own[mistaken], by_large[mistaken])
    print(f"{name:11} agrees with large on {100 * everywhere:.1f} % of all images", end=" ")
    print(f"and on {100 * there:.1f} % of the {int(mistaken.sum())} that large gets wrong")

# %% [markdown]
# On two thirds of the images that large gets wrong, the student gives the same wrong answer,
# distilled or not: the images are hard, or their labels are wrong. The distilled student copies a
# few mistakes more, too few here to be sure. A student can inherit the faults and prejudices of its
# teacher, and no accuracy shows it.

# %% [markdown]
# ## Open challenge: 60 kB
#
# Train a network whose file has at most **60,000 bytes**, as accurate on the validation images as
# you can manage. The line to beat is `fashion_tiny` of the zoo, which was trained on hard labels
# only. You may choose the network, the teachers (the mean of several teachers' logits is a teacher,
# too), the temperature, the images, and as many epochs as you have patience for. Here is a start
# that takes seconds. It is far from the line.

# %% tags=["demo"]
torch.manual_seed(0)
mine = ResidualNet(ResidualConfig.of(4, (8, 2), (12, 2), (24, 2)))  # yours: change any of these
teacher = distillation.from_teacher(zoo.load("fashion_small"), temperature=4.0, alpha=0.9)
how = TrainConfig(epochs=3, lr=0.05, batch_size=64, augment=False)
fit(mine, pool, how, loss=teacher)

file, right = my_work() / "03_challenge.safetensors", accuracy(mine, validation)
size = save_model(mine, file)
verdict = "within the budget" if size <= 60_000 else "OVER the budget"
print(f"{size:,} bytes, {verdict}; accuracy {right:.1f} %")
keep_best(file, right, within=size <= 60_000)
print(f"to beat: accuracy {accuracy(zoo.load('fashion_tiny'), validation):.1f} %")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - trained a student of a twentieth of the size to within 1.4 points of large, 0.36 of them by its
#   teacher;
# - found by controls what a teacher adds: with few images mostly which of them are hard, with
#   many images dark knowledge;
# - seen a smaller network teach better than the largest, and a good teacher matter most where
#   labels are few.
#
# **Limits.** These are ten kinds of garments in images of 28x28 pixels. The experiments with 500
# images used one small network; which teacher is best depends on student, temperature and images.
# Whether large teaches badly because it is strong or because its labels were smoothed is not
# decided here. A gain of a few tenths of a point is real over five seeds, and still small.
#
# **Papers.** Hinton et al. 2015 (arXiv 1503.02531); Romero et al. 2015 (1412.6550); Zagoruyko and
# Komodakis 2017 (1612.03928); Park et al. 2019 (1904.05068); Cho and Hariharan 2019 (1910.01348);
# Müller et al. 2019 (1906.02629); Mirzadeh et al. 2020 (1902.03393); Lee 2013 (ICML workshop).
