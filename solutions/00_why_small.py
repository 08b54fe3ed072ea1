# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 00: Why small?
#
# **A network 956 times smaller still classifies 84 % of the garments correctly. The large one
# classifies 94 %.** What do the last ten points cost in energy, in time and in money? You will
# write the few lines that answer this, and find out which of five networks runs on which of seven
# devices. Terms in bold are explained again in the glossary of `docs/student.md`.
#
# | you need | minutes | runs in | memory | before this |
# |---|---|---|---|---|
# | Python, a little PyTorch | 60 | half a minute, one thread | under 2 GB | nothing |

# %% tags=["setup"]
import utils

if not hasattr(utils, "lab_setup"):
    raise ImportError(
        f"{utils.__file__} hides the course's package: rename that file and restart the kernel"
    )
utils.lab_setup("00")

# %% tags=["setup"]
import torch

from utils import deploy, measure, show
from utils.data import fashion_mnist
from utils.exercises.lab00 import check
from utils.files import my_work
from utils.measure import TorchRunnable
from utils.models import ResidualConfig, ResidualNet, save_model, zoo
from utils.student.challenge import keep_best
from utils.train import TrainConfig, accuracy, fit

validation = fashion_mnist("validation", 1000)
image = validation.images[:1]
networks = {
    name: zoo.load(f"fashion_{name}") for name in ("large", "medium", "small", "tiny", "nano")
}

# %% [markdown]
# ## Five networks, one task
#
# All five were trained on the same 50,000 images of garments, to tell ten classes apart. Each
# square has the area of the network's file.

# %% tags=["demo"] id="headline"
records = {name: zoo.record(f"fashion_{name}") for name in networks}
bytes_of = {name: run.size_bytes[0] for name, run in records.items()}
notes = {
    name: f"{bytes_of[name] / 1000:,.0f} kB\n{run.mean_test:.1f} %" for name, run in records.items()
}
smaller = bytes_of["large"] / bytes_of["nano"]
lost = records["large"].mean_test - records["nano"].mean_test
show.areas(
    bytes_of,
    notes,
    finding=f"Nano's file is {smaller:.0f} times smaller than large's, its accuracy {lost:.1f} points lower (3 seeds).",
)

# %% [markdown]
# Below are twelve images as the smallest network, nano, classifies them. Its file has 12 kB. A
# frame marks a mistake.

# %% tags=["demo"]
first = validation[24:36]
answers = networks["nano"](first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=answers, columns=6)

# %% [markdown]
# Why would anybody accept those mistakes? For three reasons, and this course measures every network
# by all three:
#
# - **Energy**: a smartwatch has one battery for everything that it does.
# - **Real time**: an answer that arrives after its **deadline** is a wrong answer.
# - **Low cost**: a $12 board instead of a $500 phone, and no server at all.

# %% [markdown]
# ## Predict
#
# For one image the large network computes 118 times as many multiplications as nano. How many
# times as much energy does it take? Commit to a guess. Part 4 answers it.

# %% tags=["demo"]
question = "How many times the energy of nano does large take?"
guess = show.guess("00/energy", question, 0, 4000, 20, "x", start=120)

# %% [markdown]
# ## 1. Count the computation
#
# Running a trained network on one input is called **inference**. Almost all of it is multiplying
# and adding. One multiplication and one addition are a **MAC** (multiply-accumulate), and the
# number of MACs is the usual measure of a network's computation.
#
# In a convolution every output value is a sum of products: one product for each input channel and
# each position of the kernel. In a **grouped convolution** a filter reads only its own group of the
# input channels.
#
# **Exercise 1** (core, 3 points, 10 minutes). Count the MACs of a convolution.


# %% tags=["exercise"]
def conv_macs(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Count the MACs of one convolution for one image.

    in_channels, out_channels: int.
    kernel: int, the side length of the square kernel.
    out_h, out_w: int, height and width of the output.
    groups: int; each filter reads in_channels / groups of the input channels.
    Returns: int, exact for large values too. The bias is not counted: it is added, and
        multiplies nothing.
    Raises: ValueError if groups does not divide both in_channels and out_channels.
    """
    ### BEGIN SOLUTION
    if in_channels % groups or out_channels % groups:
        raise ValueError(f"{groups} groups do not divide {in_channels} and {out_channels} channels")
    return (out_channels * out_h * out_w) * (in_channels // groups * kernel * kernel)
    ### END SOLUTION


# %% tags=["check"]
conv_macs = check(conv_macs)

# %% [markdown]
# Now the large network, layer by layer. `measure.convolutions` reads the sizes of each convolution,
# and your function counts. The **control** is PyTorch's own counter, which watches the network run.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
layers = measure.convolutions(networks["large"], image)
macs_of = {name: conv_macs(**sizes) for name, sizes in layers.items()}
counted = measure.macs_by_layer(networks["large"], image)
print(f"your function: {sum(macs_of.values()):,} MACs in {len(macs_of)} convolutions")
print(f"PyTorch:       {sum(counted[name] for name in macs_of):,} MACs")

# %% tags=["demo"]
weights = {name: networks["large"].get_submodule(name).weight.numel() for name in macs_of}
parts = {}
for title, amounts in {"MACs": macs_of, "weights": weights}.items():
    part = {"28x28 and 14x14 pixels": 0, "7x7 and 4x4": 0, "2x2": 0}
    for name, amount in amounts.items():
        side = layers[name]["out_h"]
        part[list(part)[0 if side >= 14 else 1 if side >= 4 else 2]] += amount
    parts[title] = part
show.shares(
    parts,
    {title: f"{sum(part.values()) / 1e6:.1f} million" for title, part in parts.items()},
    x="fraction by the size of a layer's output (%)",
    finding="The 2x2 outputs of the last block: 86 % of the weights, 42 % of the MACs.",
)

# %% [markdown]
# A weight of the first layer is used 784 times for one image, once for each pixel. A weight of the
# last block is used four times. So a network's computation and its size are two different things.
# Remember the last block: fetching one of its weights from memory pays for only four MACs.

# %% [markdown]
# ## 2. Count the memory
#
# Weights can stay in flash, the memory that a chip keeps without power. The **activations**, which
# are the outputs of the layers, need RAM, and a microcontroller has little RAM. What a layer reads
# and what it writes must both be there while the layer runs. The moment with the largest sum
# decides: it is the **peak activation memory**.
#
# **Exercise 2** (core, 2 points, 10 minutes). How much RAM does a chain of layers need?


# %% tags=["exercise"]
def peak_activation_bytes(layer_shapes, bits):
    """Compute the peak activation memory of a chain of layers, in bytes.

    layer_shapes: list of tuples: the shape of the network's input, then the shape of each
        layer's output.
    bits: int, the size of one value: 32, 8, 4, ... A tensor takes whole bytes: 5 values of
        4 bits take 3 bytes.
    Returns: int, bytes. While a layer runs, its input and its output are in memory, and nothing
        else. For a list of one shape (an input and no layer): the bytes of that input.
    Raises: ValueError for an empty list.
    """
    ### BEGIN SOLUTION
    if not layer_shapes:
        raise ValueError("layer_shapes is empty: give at least the shape of the input")
    sizes = [(torch.Size(shape).numel() * bits + 7) // 8 for shape in layer_shapes]
    pairs = [sizes[at] + sizes[at + 1] for at in range(len(sizes) - 1)]
    return max(pairs, default=sizes[0])
    ### END SOLUTION


# %% tags=["check"]
peak_activation_bytes = check(peak_activation_bytes)

# %% [markdown]
# Real networks are not chains: a **residual shortcut** keeps its tensor in memory while two
# convolutions run beside it. Below are your count for the chain and the exact count, which follows
# every tensor.


# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
def chain(network):
    """Shapes along the main path: the input, then each convolution except the shortcuts."""
    sizes = measure.convolutions(network, image)
    main = [size for name, size in sizes.items() if "shortcut" not in name]
    return [(1, 28, 28)] + [(s["out_channels"], s["out_h"], s["out_w"]) for s in main]


for name, network in networks.items():
    mine = [peak_activation_bytes(chain(network), bits) / 1000 for bits in (32, 8)]
    real = measure.peak_activation_bytes(network, image) / 1000
    print(f"{name:7} float32: chain {mine[0]:5.1f} kB, with shortcuts {real:5.1f} kB", end="; ")
    print(f"int8: {mine[1]:4.1f} and {real / 4:4.1f} kB")

# %% tags=["demo"]
chosen = ("large", "small", "nano")
held = {name: measure.activation_timeline(networks[name], image) for name in chosen}
show.timeline(
    {name: [size / 1000 for _, size in steps] for name, steps in held.items()},
    limit=20,
    limit_name="a chip with 20 kB of RAM",
    finding="The peak comes in the first half. In float32 even nano needs more than 20 kB.",
)

# %% [markdown]
# Shortcuts cost memory that no count of MACs shows. And four bytes a value (float32) are a lot:
# with one byte (int8) every number above shrinks to a quarter. That is lab 02.

# %% [markdown]
# ## 3. Measure the time
#
# The time that one inference takes is its **latency**. A drone that decides 30 times a second has
# 33 ms for each decision, every time, so the average does not help it. What counts is a **latency
# percentile**: p95 is the time that 95 of 100 runs do not exceed, p99 is the time that 99 of 100
# do not exceed, and p50 is the median. The slowest runs, beyond p95, are called the **tail**.
#
# **Exercise 3** (core, 3 points, 10 minutes). Compute the median and the tail of a series of runs.
# Libraries compute them in one line; by hand you learn what they mean.


# %% tags=["exercise"]
def latency_percentiles(samples_ms):
    """Compute the latency percentiles p50, p95 and p99.

    samples_ms: (n,) float tensor, milliseconds in the order of the runs. Do not change it.
    Returns: tuple of three floats (p50, p95, p99). A fraction f has the position f * (n - 1) in
        the sorted samples, counted from 0. Between two samples, interpolate linearly.
    Raises: ValueError if there are no samples.
    """
    ### BEGIN SOLUTION
    if not len(samples_ms):
        raise ValueError("there are no samples: time at least one run")
    ordered = samples_ms.sort().values.tolist()

    def at(fraction):
        position = fraction * (len(ordered) - 1)
        lower = int(position)
        upper = min(lower + 1, len(ordered) - 1)
        return ordered[lower] + (position - lower) * (ordered[upper] - ordered[lower])

    return at(0.50), at(0.95), at(0.99)
    ### END SOLUTION


# %% tags=["check"]
latency_percentiles = check(latency_percentiles)

# %% [markdown]
# Now all five networks in ONNX Runtime, on one thread, one image at a time. They take turns, so
# that a pause of the computer hits all of them alike. The control is large a second time, under
# another name. It can't be faster or slower than itself, so any difference between the two is
# noise.

# %% tags=["demo"]
in_runtime = {name: deploy.runnable(net, image, name) for name, net in networks.items()}
timed = in_runtime | {"control: large again": in_runtime["large"]}
timings = measure.latency(timed, image, budget_s=3)
marks = {
    name: latency_percentiles(torch.tensor(samples).float())
    for name, samples in timings.samples_ms.items()
}
faster = {name: timings.ratio("large", name) for name in timed}
null = faster["control: large again"]
show.latencies(
    timings.samples_ms,
    marks,
    notes={name: f"{ratio.median:.2f}x faster" for name, ratio in faster.items()},
    controls=["control: large again"],
    finding=f"Each dot is one run. Large against its control: {null}. A ratio of 1 means equal.",
)

# %% tags=["demo"]
macs = {name: runnable.macs for name, runnable in in_runtime.items()}
for name in ("medium", "small", "tiny", "nano"):
    fewer = macs["large"] / macs[name]
    reached = f"{100 * faster[name].median / fewer:.0f} % of the theoretical speed-up"
    print(f"{name:7} {fewer:6.1f}x fewer MACs, {faster[name]} faster: {reached}")

# %% [markdown]
# In brackets is the 95 % **confidence interval** of each ratio: a range that contains the true
# ratio in 95 of 100 such measurements. The number of MACs promises a **theoretical speed-up**, and
# the last column says how much of it arrives here. Usually it is less for smaller networks: each
# layer costs some microseconds before it multiplies anything. A microcontroller has far less of
# this overhead. Lab 07 counts there.

# %% [markdown]
# ## 4. Energy: where do the joules go?
#
# In 2014 Mark Horowitz published a table of the energy that each operation takes on a chip of
# that time. The field has quoted it ever since. The unit is the picojoule (10^-12 J). DRAM is the
# large memory outside the processor's chip, and its energy is known only as a range.

# %% tags=["demo"]
published = measure.constants()["operations"]
byte_pj = published["byte_pj"]
table = {"mac": published["mac_pj"]["float32"], "on the chip": byte_pj["sram_1mb"]}
table |= {place: byte_pj[place] for place in ("dram_low", "dram", "dram_high")}
low, high = (4 * table[place] / table["mac"] for place in ("dram_low", "dram_high"))
show.bars(
    {
        "one MAC, int8": published["mac_pj"]["int8"],
        "one MAC, float32": table["mac"],
        "fetch 4 bytes, on-chip memory": 4 * table["on the chip"],
        "fetch 4 bytes, DRAM": 4 * table["dram"],
    },
    x="picojoules (Horowitz, 2014; 45 nm)",
    finding=f"Fetching one float32 from DRAM takes the energy of {low:.0f} to {high:.0f} MACs.",
)

# %% [markdown]
# **Exercise 4** (core, 3 points, 10 minutes). Add up the energy of computing and of moving data.


# %% tags=["exercise"]
def energy_per_inference_mj(macs, bytes_moved, table):
    """Compute the energy of one inference from a table of costs, in millijoules.

    macs: number of MACs.
    bytes_moved: dict, place -> number of bytes that are read from or written to it.
    table: dict; table["mac"] is the energy of one MAC in picojoules, table[place] the energy of
        one byte.
    Returns: float, millijoules (a picojoule is 1e-12 J, a millijoule is 1e-3 J).
    Raises: ValueError for a place that the table does not have: unknown is not free.
    """
    ### BEGIN SOLUTION
    picojoules = macs * table["mac"]
    for place, count in bytes_moved.items():
        if place not in table:
            raise ValueError(f"no energy is known for {place!r}: the table has {list(table)}")
        picojoules += count * table[place]
    return picojoules / 1e9
    ### END SOLUTION


# %% tags=["check"]
energy_per_inference_mj = check(energy_per_inference_mj)

# %% [markdown]
# For one image every weight is fetched once, and every activation is written and read. Activations
# are small and stay on the chip. Weights stay there if all of them fit into 1 MB, otherwise they
# come from DRAM.


# %% tags=["demo"]
def joules_of(runnable, weights_in):
    """Millijoules of one inference for MACs, weights and activations."""
    moved, price = runnable.traffic, energy_per_inference_mj
    return {
        "MACs": price(runnable.macs, {}, table),
        "fetch weights": price(0, {weights_in: moved.weights}, table),
        "move activations": price(0, {"on the chip": moved.activations}, table),
    }


def home_of(runnable):
    return "on the chip" if runnable.traffic.weights <= published["on_chip_bytes"] else "dram"


spent = {name: joules_of(runnable, home_of(runnable)) for name, runnable in in_runtime.items()}
sums = {name: 1000 * sum(parts.values()) for name, parts in spent.items()}
show.shares(
    spent,
    {name: f"{total:,.0f} µJ" for name, total in sums.items()},
    x="fraction of the energy of one inference, by the model (%)",
    finding="Large and medium spend over 90 % on fetching weights from DRAM.",
)

# %% [markdown]
# Look at the step from medium to small. Your guess was about large and nano. Nobody knows exactly
# in which memory the bytes are, so the model's answer has a range: from everything in the nearest
# memory to everything in DRAM.

# %% tags=["demo"]
big, little = (measure.model_energy(in_runtime[name]) for name in ("large", "nano"))
between = big.low_mj / little.high_mj, big.high_mj / little.low_mj
guess.reveal(sums["large"] / sums["nano"], how="by the model", between=between)

# %% [markdown]
# Is the step due to the smaller network or to the nearer memory? The control changes only the
# memory: medium with its weights in DRAM, and medium as if its weights fitted on the chip.


# %% tags=["demo"]
def microjoules(place):
    return 1000 * sum(joules_of(in_runtime["medium"], place).values())


near, low, far, high = map(microjoules, ("on the chip", "dram_low", "dram", "dram_high"))
print(f"medium, weights in DRAM:     {far:6.1f} µJ ({low:.0f} to {high:.0f})")
print(f"medium, weights on the chip: {near:6.1f} µJ, {low / near:.1f}x to {high / near:.1f}x less")
less = near / sums["small"]
print(f"small, weights on the chip:  {sums['small']:6.1f} µJ, another {less:.1f}x less")

# %% [markdown]
# The nearer memory alone saves more than the smaller network does. Remember this when lab 01
# removes weights and lab 02 stores them in one byte.
#
# **How far can the table be trusted?** It knows arithmetic and memory, not the processor around
# them. Here are two int8 networks on a real microcontroller, measured, next to two sums from the
# table: the MACs alone, and MACs that move three bytes each.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
chip = measure.constants()["reality"]["networks"]
int8 = {"mac": published["mac_pj"]["int8"], "on the chip": table["on the chip"]}
for name, real in chip.items():
    alone = energy_per_inference_mj(real["macs"], {}, int8)
    moving = energy_per_inference_mj(real["macs"], {"on the chip": 3 * real["macs"]}, int8)
    times = [real["energy_mj"] / table_mj for table_mj in (alone, moving)]
    print(f"{name}: MACs alone {alone:.4f} mJ, with memory {moving:.3f} mJ", end="; ")
    print(f"measured {real['energy_mj']:.2f} mJ, {times[0]:,.0f}x and {times[1]:.0f}x as much")
fewer, less = (chip["ResNet-8"][key] / chip["DS-CNN"][key] for key in ("macs", "energy_mj"))
print(f"DS-CNN has {fewer:.1f}x fewer MACs than ResNet-8 and takes {less:.1f}x less energy")

# %% [markdown]
# The rest goes into fetching and decoding instructions, leaking and waiting. On a general processor
# that is most of the energy. So the joules of the model are a lower bound, range included, and a
# ratio of two networks on one chip comes closer to the truth. Every energy in this course says how
# it was found: by a *counter* (RAPL) if your processor lets us read one, otherwise by this
# *model*.

# %% tags=["demo"]
energies = measure.energy(in_runtime, image)
for name, found in energies.items():
    best, low, high = (
        measure.scaled(mj / 1000, "J") for mj in (found.value_mj, found.low_mj, found.high_mj)
    )
    print(f"{name:7} {best:>7} ({low} to {high}), by the {found.method}")

# %% [markdown]
# ## 5. What does it cost?
#
# A small network can leave the server for good. If it stays on the server, you pay for its time.
#
# **Exercise 5** (core, 2 points, 5 minutes). What do a million inferences cost in the cloud?


# %% tags=["exercise"]
def cost_per_million(latency_s, price_per_hour, cores):
    """Compute the cloud cost of a million inferences.

    latency_s: float, seconds of one inference on one core.
    price_per_hour: float, for the whole machine with all its cores.
    cores: int; all cores work at the same time, each on one inference after the other.
    Returns: float, in the currency of the price.
    Raises: ValueError for a machine without cores.
    """
    ### BEGIN SOLUTION
    if cores < 1:
        raise ValueError(f"a machine has at least one core, got {cores}")
    return 1_000_000 * latency_s / 3600 * price_per_hour / cores
    ### END SOLUTION


# %% tags=["check"]
cost_per_million = check(cost_per_million)

# %% tags=["demo"]
price = measure.constants()["price"]["dollars_per_hour"]
cost = {name: cost_per_million(marks[name][0] / 1000, price, 1) for name in networks}
ratio = cost["large"] / cost["nano"]
show.bars(
    {name: 1000 * dollars for name, dollars in cost.items()},
    x="cloud cost of a billion images on cores like this one (dollars)",
    finding=f"One image at a time, large costs {ratio:.0f} times as much as nano.",
)

# %% [markdown]
# That is the median latency measured here, at the list price of one core. At this size the cloud
# cost is not the argument. Two other costs are. One is the chip: a network that fits a cheaper one
# saves money in every device sold. The other is the connection to the server, which takes radio
# energy and time and gives up privacy.

# %% [markdown]
# ## Which network runs where?
#
# Seven devices, from a $12 board to a server. Their figures come from data sheets and benchmarks,
# are derived from them, or are assumed. `utils/measure/devices.toml` says which, with the sources.
#
# Set a deadline, hours of battery at one image a second, a limit on RAM, and a price. A cell says
# "fits", or names the resource that is exceeded most. At which deadline does the phone begin to
# lose networks? The drone's chip computes with integers only, and these networks use floats until
# lab 02. A microcontroller reads weights from flash; the other devices copy them to RAM first.


# %% tags=["demo"]
devices = list(measure.devices().values())
plain = {
    name: measure.scorecard(runnable, validation[:200]) for name, runnable in in_runtime.items()
}


def run_where(deadline_ms, hours, ram_kb, dollars):
    """network -> device -> None, or the resource that breaks first."""
    budget = measure.Budget(
        deadline_ms=deadline_ms, battery_hours=hours, ram_bytes=1000 * ram_kb, price_usd=dollars
    )
    return {
        name: {device.short: measure.fits(card, device, budget).breaks for device in devices}
        for name, card in plain.items()
    }


# %% tags=["demo"]
show.explorer(
    run_where,
    {
        "deadline_ms": [0.1, 1, 10, 33, 100, 300, 1000],
        "hours": [1, 10, 24, 72, 168],
        "ram_kb": [20, 64, 128, 512, 100_000],
        "dollars": [5, 15, 50, 100, 500, 5000],
    },
    {"deadline_ms": 100, "hours": 10, "ram_kb": 100_000, "dollars": 5000},
    labels={
        "deadline_ms": "deadline (ms)",
        "hours": "battery life (hours, 1 image/s)",
        "ram_kb": "RAM for the network (kB)",
        "dollars": "price of the device ($)",
    },
    notes={device.short: f"${device.price_usd:g}" for device in devices},
    finding="For 100 ms and 10 hours at one image a second. Float32, pessimistic figures.",
)

# %% [markdown]
# The same question for four products, without a slider. Each line names the largest network that
# fits each device.

# %% tags=["demo"]
budgets = {
    "camera trap: 1 s, a week, $50": (1000, 168, 100_000, 50),
    "doorbell: 100 ms, a day, $100": (100, 24, 100_000, 100),
    "watch: 33 ms, 20 hours, $400": (33, 20, 100_000, 400),
    "sorting belt: 1 ms, $5000": (1, 1, 100_000, 5000),
}
for text, budget in budgets.items():
    found = run_where(*budget)
    working = {d.short: [n for n in networks if found[n][d.short] is None] for d in devices}
    best = ", ".join(f"{names[0]} on the {device}" for device, names in working.items() if names)
    print(f"{text:30} {best or 'none'}")

# %% [markdown]
# The watch and the phone run all five networks. Do the networks empty their batteries? Here is
# the fraction of a device's power that one inference a second takes.


# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
def at_one_a_second(name, device):
    """The fraction of the device's power that one inference a second takes."""
    if measure.latency_range_ms(plain[name], device)[1] > 1000:
        return "too slow"
    milliwatts = measure.energy_range_mj(plain[name], device)[1]  # mJ a second
    return f"{100 * milliwatts / (milliwatts + device.idle_mw):.1f} %"


for device in devices:
    if device.has_battery and not device.integers_only:
        found = {name: at_one_a_second(name, device) for name in ("large", "nano")}
        print(f"{device.short:10} large {found['large']:>8}, nano {found['nano']:>6}")

# %% [markdown]
# On a bare chip the network decides how long the battery lasts. The figures of the watch and the
# phone include a screen that is on, and the screen decides.

# %% [markdown]
# ## The scorecard
#
# Every lab ends with a **scorecard**: what a network can do, and its price in bytes, MACs, memory,
# time, energy, carbon and money. The accuracy is taken on 2,000 test images, where the 95 %
# confidence interval is about one point to each side. The figures to quote are the means of three
# seeds at the top.

# %% tags=["demo"] id="scorecard"
test = fashion_mnist("test", 2000)
cards = []
for name in ("large", "small", "tiny", "nano"):
    shipped = TorchRunnable(networks[name], image, file=records[name].file, name=name)
    card = measure.scorecard(shipped, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% [markdown]
# The same as a picture: accuracy against energy. The networks that no other network beats in both
# form the **Pareto front**. All four are on it, so there is no best network, only a best one for a
# budget.

# %% tags=["demo"]
show.pareto(
    cards,
    x="energy_mj",
    y="metric",
    finding="All four networks are on the Pareto front: more accuracy costs more energy.",
)

# %% [markdown]
# ## Extra exercises
#
# Battery life and carbon, a few lines each. They are optional.
#
# **Exercise 6** (extra, 2 points, 5 minutes). How long does the battery last?


# %% tags=["exercise"]
def battery_hours(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Compute the hours until a battery is empty.

    capacity_mah, volts: of the battery; their product is its energy in milliwatt-hours.
    energy_mj: millijoules of one inference.
    rate_hz: inferences per second, 0 or more.
    idle_mw: milliwatts that are drawn all the time. Not 0 if rate_hz is 0.
    Returns: float, hours.
    Raises: ValueError for a capacity or a voltage of 0 or below.
    """
    ### BEGIN SOLUTION
    if capacity_mah <= 0 or volts <= 0:
        raise ValueError(f"a battery of {capacity_mah} mAh at {volts} V holds nothing")
    return capacity_mah * volts / (idle_mw + energy_mj * rate_hz)
    ### END SOLUTION


# %% tags=["check"]
battery_hours = check(battery_hours)

# %% tags=["demo"]
coin = measure.devices()["cortex_m4"]
rates = [0.25, 0.5, 1, 2, 3]
of_cell = {
    name: measure.energy_range_mj(plain[name], coin)[1] for name in ("small", "tiny", "nano")
}
show.curves(
    rates,
    {
        name: [
            battery_hours(coin.battery_mah, coin.battery_volts, mj, rate, coin.idle_mw) / 24
            for rate in rates
        ]
        for name, mj in of_cell.items()
    },
    x="images per second",
    y="days with one coin cell",
    finding="At one image every four seconds, nano runs ten times as long as small on one CR2032.",
)

# %% [markdown]
# This counts the chip of a Cortex-M4 alone, in float32 and by the pessimistic figures. A radio or a
# screen takes more.
#
# **Exercise 7** (extra, 1 point, 5 minutes). How many grams of **CO2e** does a number of inferences
# cause? CO2e counts all greenhouse gases as the CO2 that would warm as much. The grams per
# kilowatt-hour of electricity are the **carbon intensity** of a grid.


# %% tags=["exercise"]
def carbon_g(energy_mj, count, grid_g_per_kwh):
    """Compute the grams of CO2e that a number of inferences cause.

    energy_mj: millijoules of one inference.
    count: number of inferences.
    grid_g_per_kwh: carbon intensity, grams per kilowatt-hour of electricity (1 kWh is 3.6e6 J).
    Returns: float, grams.
    """
    ### BEGIN SOLUTION
    return energy_mj * count / 3.6e9 * grid_g_per_kwh
    ### END SOLUTION


# %% tags=["check"]
carbon_g = check(carbon_g)

# %% tags=["demo"]
grid = measure.constants()["grid"]["g_per_kwh"]
year = {
    place: carbon_g(chip["ResNet-8"]["energy_mj"], 365 * 86_400, grams)
    for place, grams in grid.items()
    if place != "world"
}
year = dict(sorted(year.items(), key=lambda pair: pair[1]))
between = max(year.values()) / min(year.values())
show.bars(
    year,
    x="grams of CO2e in a year: one ResNet-8 per second on a Cortex-M4, measured energy",
    finding=f"The same energy causes {between:.0f} times as much CO2e on the last grid as on the first.",
)

# %% [markdown]
# One inference a second for a year causes a few dozen grams at most. A fleet of a million devices
# makes tons of them.
#
# ## Open challenge: 20 kB
#
# Design a network yourself: a file of at most **20,000 bytes**, at most **500,000 MACs** and at
# most **26,000 bytes** of activations, trained for one epoch on 6,000 images, as accurate as you
# can. A block is two convolutions and a shortcut. Besides four bytes a weight the file contains
# some 4 kB of names and shapes.
#
# The line to beat is nano's design, trained in the same way three times. It is the design below:
# run it once and note the mean. Look at the spread, too: a difference that is smaller is luck.
# %% tags=["demo"]
# yours: channels of the stem, then (channels, stride) of each block
design = ResidualConfig.of(4, (6, 2), (8, 2))


def trained(design, seed):
    """Return a network of this design after one short epoch."""
    torch.manual_seed(seed)
    network = ResidualNet(design)
    settings = TrainConfig(
        epochs=1, lr=0.1, batch_size=64, label_smoothing=0.0, augment=False, seed=seed
    )
    fit(network, fashion_mnist("train", 6000), settings)
    return network


def try_design(design, file):
    """Train once and print the costs; within the budget train twice more and print the accuracy."""
    runs = [trained(design, 0)]
    size, macs = save_model(runs[0], file), measure.count_macs(runs[0], image)
    memory = measure.peak_activation_bytes(runs[0], image)
    print(f"{size:,} bytes, {macs:,} MACs, {memory:,} bytes of activations:", end=" ")
    if size > 20_000 or macs > 500_000 or memory > 26_000:
        print("OVER the budget")
        return keep_best(file, 0, within=False)
    runs += [trained(design, seed) for seed in (1, 2)]
    right = [accuracy(run, validation) for run in runs]
    print(f"mean accuracy {sum(right) / 3:.1f} % ({min(right):.1f} to {max(right):.1f})")
    keep_best(file, sum(right) / 3, within=True)


# %% tags=["demo"]
try_design(design, my_work() / "00_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - counted MACs, memory, time, energy and money of five networks, each by a few lines of our own;
# - seen that moving weights costs more energy than multiplying with them, until they fit on the
#   chip;
# - compared theoretical with measured speed-ups, and found which resource breaks first on which
#   device.
#
# **Limits.** An energy is a model of arithmetic and memory unless it says counter. A real
# microcontroller took 15 times what the table gives for MACs with their memory, and two thousand
# times what it gives for the MACs alone. Speed and battery life of the devices follow from
# published figures and MACs alone, some of them assumed (`devices.toml` says which). The cloud cost
# counts one image at a time.
#
# **Papers.** Horowitz 2014, *Computing's energy problem*, ISSCC; Banbury et al. 2021, *MLPerf Tiny*
# (arXiv 2106.07597); Xiao et al. 2017, *Fashion-MNIST* (1708.07747).
#
# Next: **lab 01, pruning**. The large network has 2.8 million weights. How many does it need?
