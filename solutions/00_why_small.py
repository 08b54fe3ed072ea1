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
# **A network nine hundred times smaller still gets eight of ten garments right.** What does the rest
# of the size buy, and what does it cost in energy, in time and in money? You will write the few lines
# that answer it, and find out which of five networks runs on which of seven devices. Words that you do
# not know stand in the glossary of `docs/student.md`.
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
# All five learned from the same 50,000 photos to tell ten kinds of garment apart. The area of a square
# is the size of the file.

# %% tags=["demo"] id="headline"
records = {name: zoo.record(f"fashion_{name}") for name in networks}
bytes_of = {name: run.size_bytes[0] for name, run in records.items()}
notes = {
    name: f"{bytes_of[name] / 1000:,.0f} kB\n{run.mean_test:.1f} %\nright"
    for name, run in records.items()
}
show.areas(
    bytes_of,
    notes,
    finding="Area: bytes of the file. Right: of 10,000 test photos; each trained three times, the mean.",
)

# %% [markdown]
# And here is what the last square, 12 kB in all, says to twelve photos. A frame marks a mistake.

# %% tags=["demo"]
first = validation[24:36]
answers = networks["nano"](first.images).argmax(1)
show.garments(first.images, first.labels, first.classes, predictions=answers, columns=6)

# %% [markdown]
# Three promises speak for the small ones. This course holds every network to all three, by number:
#
# - **Energy**: a watch has one battery for everything it does.
# - **Real time**: an answer that comes too late is a wrong answer.
# - **Low cost**: a board for some dollars instead of a phone for some hundred, and no server at all.

# %% [markdown]
# ## Predict
#
# The large network does 118 times the multiplications of nano for one photo. How many times the
# energy does it take? Commit to a guess; the answer stands in part 4.

# %% tags=["demo"]
question = "Times the energy of nano that large takes"
guess = show.guess("00/energy", question, 0, 4000, 20, "x", start=120)

# %% [markdown]
# ## 1. Count the work
#
# Networks multiply and add, and hardly do anything else. One multiplication with one addition is a
# **MAC** (multiply-accumulate), the unit of all that follows. In a convolution every number of the
# output is a sum of products: one for each input channel and each place of the kernel. With groups, a
# filter reads only its own share of the inputs.
#
# **Exercise 1** (core, 3 points, 10 minutes). Count the MACs of a convolution.


# %% tags=["exercise"]
def conv_macs(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Multiply-accumulates of one convolution for one image.

    in_channels, out_channels: int. kernel: int, the side of the square kernel.
    out_h, out_w: int, height and width of the output. A bias adds, but multiplies nothing.
    groups: int; each filter reads in_channels / groups of the inputs.
    Returns: int, exact also where it is large.
    Raises: ValueError if groups does not divide both in_channels and out_channels.

    Steps: how many numbers has the output? how many products make one of them?
    """
    ### BEGIN SOLUTION
    if in_channels % groups or out_channels % groups:
        raise ValueError(f"{groups} groups do not divide {in_channels} and {out_channels} channels")
    return (out_channels * out_h * out_w) * (in_channels // groups * kernel * kernel)
    ### END SOLUTION


# %% tags=["check"]
conv_macs = check(conv_macs)

# %% [markdown]
# Now the large network, layer by layer. `measure.convolutions` reads the sizes of each; your function
# counts. The control is PyTorch's own counter, which watches the network run.

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
layers = measure.convolutions(networks["large"], image)
work = {name: conv_macs(**sizes) for name, sizes in layers.items()}
counted = measure.macs_by_layer(networks["large"], image)
print(f"by your function: {sum(work.values()):,} MACs in {len(work)} convolutions")
print(f"by PyTorch:       {sum(counted[name] for name in work):,} MACs")

# %% tags=["demo"]
weights = {name: networks["large"].get_submodule(name).weight.numel() for name in work}
parts = {}
for title, amounts in {"the work": work, "the weights": weights}.items():
    part = {"images of 28 and 14 pixels": 0, "of 7 and 4 pixels": 0, "of 2 pixels": 0}
    for name, amount in amounts.items():
        side = layers[name]["out_h"]
        part[list(part)[0 if side >= 14 else 1 if side >= 4 else 2]] += amount
    parts[title] = part
show.shares(
    parts,
    {title: f"{sum(part.values()) / 1e6:.1f} million" for title, part in parts.items()},
    x="where the MACs are, where the weights are (%)",
    finding="The last block, where images have shrunk to 2x2, holds 86 % of the weights.",
)

# %% [markdown]
# A weight of the first layer is used 784 times for one photo, once for each pixel; a weight of the last block
# four times. So work and size are two things. Remember the last block: it is brought from memory for
# next to nothing.

# %% [markdown]
# ## 2. Count the memory
#
# Weights can stay in flash. But what a layer reads and what it writes must be in RAM while it runs,
# and a microcontroller has little of that. The worst moment decides.
#
# **Exercise 2** (core, 2 points, 10 minutes). How much RAM does a chain of layers need?


# %% tags=["exercise"]
def peak_activation_bytes(layer_shapes, bits):
    """RAM for the activations of a chain of layers, at the worst moment.

    layer_shapes: list of tuples: the shape of the network's input, then of each layer's output.
    bits: int, the size of one value: 32, 8, 4, ... A tensor fills whole bytes: 5 values of
        4 bits take 3 bytes.
    Returns: int, bytes. While a layer runs, its input and its output are both in memory, and
        nothing else. A list of one shape is an input without a layer: its own bytes.
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
# Real networks are not chains: a shortcut keeps its tensor while two convolutions run beside it. So
# here is your count, and the one that follows every tensor.


# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
def chain(network):
    """Shapes along the main road: the input, then each convolution but the shortcuts."""
    sizes = measure.convolutions(network, image)
    main = [size for name, size in sizes.items() if "shortcut" not in name]
    return [(1, 28, 28)] + [(s["out_channels"], s["out_h"], s["out_w"]) for s in main]


for name, network in networks.items():
    mine = [peak_activation_bytes(chain(network), bits) / 1000 for bits in (32, 8)]
    real = measure.peak_activation_bytes(network, image) / 1000
    print(f"{name:7} chain {mine[0]:5.1f} kB, with shortcuts {real:5.1f} kB", end="; ")
    print(f"with one byte a value {mine[1]:4.1f} and {real / 4:4.1f} kB")

# %% tags=["demo"]
chosen = ("large", "small", "nano")
held = {name: measure.activation_timeline(networks[name], image) for name in chosen}
show.timeline(
    {name: [size / 1000 for _, size in steps] for name, steps in held.items()},
    limit=20,
    limit_name="a chip with 20 kB of RAM",
    finding="The peak comes early, where images are large. Even nano needs more than 20 kB in float32.",
)

# %% [markdown]
# Shortcuts cost memory that no count of MACs shows. And four bytes a value (float32) are many: with one
# byte (int8), everything here shrinks to a quarter. That is lab 02.

# %% [markdown]
# ## 3. Measure the time
#
# A drone that decides 30 times a second has 33 ms, every time. The average does not help it: what
# counts is what nearly all runs stay below. Sorted from fast to slow, **p95** is the place that 95 of
# 100 runs do not pass.
#
# **Exercise 3** (core, 3 points, 10 minutes). The median and the tail of a series of runs. Libraries have
# this in one line; by hand you learn what it means.


# %% tags=["exercise"]
def latency_percentiles(samples_ms):
    """The median, and what 95 and 99 of 100 runs stay below.

    samples_ms: (n,) float tensor, milliseconds in the order of the runs. Do not change it.
    Returns: tuple of three floats (p50, p95, p99). The place of a share s in the sorted samples
        is s * (n - 1), counted from 0; between two samples, go that part of the way from the
        lower to the upper one.
    Raises: ValueError for no samples.
    """
    ### BEGIN SOLUTION
    if not len(samples_ms):
        raise ValueError("there are no samples: time at least one run")
    ordered = samples_ms.sort().values.tolist()

    def at(share):
        place = share * (len(ordered) - 1)
        lower = int(place)
        upper = min(lower + 1, len(ordered) - 1)
        return ordered[lower] + (place - lower) * (ordered[upper] - ordered[lower])

    return at(0.50), at(0.95), at(0.99)
    ### END SOLUTION


# %% tags=["check"]
latency_percentiles = check(latency_percentiles)

# %% [markdown]
# All five in ONNX Runtime on one thread, one photo at a time, in turn: a pause of the computer then hits
# all alike. The control is large a second time, under another name. It can't differ from itself; what
# differs anyway is noise.

# %% tags=["demo"]
in_runtime = {name: deploy.runnable(net, image, name) for name, net in networks.items()}
contestants = in_runtime | {"control: large again": in_runtime["large"]}
timings = measure.latency(contestants, image, budget_s=3)
marks = {
    name: latency_percentiles(torch.tensor(samples).float())
    for name, samples in timings.samples_ms.items()
}
faster = {name: timings.ratio("large", name) for name in contestants}
show.latencies(
    timings.samples_ms,
    marks,
    notes={name: f"{ratio.median:.2f}x faster" for name, ratio in faster.items()},
    controls=["control: large again"],
    finding="A dot is a run. The control shows how far the clock can be trusted.",
)

# %% tags=["demo"]
macs = {name: runnable.macs for name, runnable in in_runtime.items()}
for name in ("medium", "small", "tiny", "nano"):
    fewer = macs["large"] / macs[name]
    print(f"{name:7} {fewer:6.1f}x fewer MACs, {faster[name]} faster")

# %% [markdown]
# In brackets: the interval that holds the ratio at 95 %. The smaller the network, the less of the promise
# arrives on a computer like this one: each layer costs some microseconds before it multiplies
# anything. A microcontroller has far less of that; lab 07 counts there.

# %% [markdown]
# ## 4. Energy: where do the joules go?
#
# In 2014 Mark Horowitz showed a table that the field has quoted ever since: what an operation costs on a
# chip of that time. A picojoule is a millionth of a millionth of a joule; DRAM is the large memory
# beside the processor's chip.

# %% tags=["demo"]
said = measure.constants()["operations"]
table = {"mac": said["mac_pj"]["float32"]}
table |= {"on the chip": said["byte_pj"]["sram_1mb"], "dram": said["byte_pj"]["dram"]}
show.bars(
    {
        "multiply and add, int8": said["mac_pj"]["int8"],
        "multiply and add, float32": table["mac"],
        "fetch 4 bytes, memory on the chip": 4 * table["on the chip"],
        "fetch 4 bytes, memory outside (DRAM)": 4 * table["dram"],
    },
    x="picojoules (Horowitz, 2014; 45 nm)",
    finding="Fetching one float from DRAM costs as much as 200 MACs with it.",
)

# %% [markdown]
# **Exercise 4** (core, 3 points, 10 minutes). Add up what an inference computes and what it moves.


# %% tags=["exercise"]
def energy_per_inference_mj(macs, bytes_moved, table):
    """Energy of one inference by a table of costs.

    macs: number of multiply-accumulates.
    bytes_moved: dict, place -> number of bytes that come from or go there.
    table: dict; table["mac"] is the energy of one MAC in picojoules, table[place] that of one byte.
    Returns: float, millijoules (a picojoule is 1e-12 J, a millijoule 1e-3 J).
    Raises: ValueError for a place that the table does not hold: unknown is not free.
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
# Every weight is fetched once for an image, every activation written and read. Activations are small
# and stay on the chip. Weights stay there if all of them fit into 1 MB, else they come from DRAM.


# %% tags=["demo"]
def joules_of(runnable, weights_in):
    """Millijoules for the arithmetic, for the weights and for the activations."""
    moved, price = runnable.traffic, energy_per_inference_mj
    return {
        "multiply and add": price(runnable.macs, {}, table),
        "fetch weights": price(0, {weights_in: moved.weights}, table),
        "move activations": price(0, {"on the chip": moved.activations}, table),
    }


def home_of(runnable):
    return "on the chip" if runnable.traffic.weights <= said["on_chip_bytes"] else "dram"


spent = {name: joules_of(runnable, home_of(runnable)) for name, runnable in in_runtime.items()}
sums = {name: 1000 * sum(parts.values()) for name, parts in spent.items()}
show.shares(
    spent,
    {name: f"{total:,.0f} µJ" for name, total in sums.items()},
    x="share of the energy of one inference, by the model (%)",
    finding="Large and medium spend nearly all on fetching weights. The others hold theirs on the chip.",
)

# %% [markdown]
# Look at the step from medium to small. Your guess was about large and nano. Where the bytes lie is known only
# roughly, so the model's answer has a range: all in the nearest memory, or all of it in DRAM.

# %% tags=["demo"]
big, little = (measure.model_energy(in_runtime[name]) for name in ("large", "nano"))
between = big.low_mj / little.high_mj, big.high_mj / little.low_mj
guess.reveal(sums["large"] / sums["nano"], how="by the model", between=between)

# %% [markdown]
# Was it the smaller network or the nearer memory? The control changes one thing only: medium, its weights once
# in DRAM and once, as if they fitted, on the chip.

# %% tags=["demo"]
near = 1000 * sum(joules_of(in_runtime["medium"], "on the chip").values())
print(f"medium, weights in DRAM:      {sums['medium']:6.1f} µJ")
print(f"medium, weights on the chip:  {near:6.1f} µJ, {sums['medium'] / near:.1f}x less")
print(f"small, weights on the chip:   {sums['small']:6.1f} µJ")

# %% [markdown]
# Most of the step is the memory: a network that becomes small enough to live on the chip saves far more
# energy than arithmetic. Keep it in mind when lab 01 removes weights and lab 02 stores them in one byte.
#
# **How far can the table be trusted?** It knows arithmetic and memory, not the processor around them.
# Here are two networks in int8 on a real one, measured; beside it the table, if every MAC moves three bytes. (Our
# model, which fetches each weight once, says a sixtieth of that: it is the least that could do.)

# %% tags=["demo"]
# NBVAL_CHECK_OUTPUT
chip = measure.constants()["reality"]["networks"]
whole = {"mac": said["mac_pj"]["int8"], "on the chip": table["on the chip"]}
for name, real in chip.items():
    by_table = energy_per_inference_mj(real["macs"], {"on the chip": 3 * real["macs"]}, whole)
    times = real["energy_mj"] / by_table
    print(f"{name:8} table {by_table:.3f} mJ, measured {real['energy_mj']:.3f} mJ: {times:.0f}x")
fewer, less = (chip["ResNet-8"][key] / chip["DS-CNN"][key] for key in ("macs", "energy_mj"))
print(f"DS-CNN has {fewer:.1f}x fewer MACs than ResNet-8 and took {less:.1f}x less energy")

# %% [markdown]
# Fetching and decoding instructions, leaking, waiting: on a general processor that is most of the bill. So
# the joules of table and model are a lower bound for such processors, range and all; a ratio between two networks
# on one chip comes closer. Every energy in this course says how it was found: by a **counter** where your
# processor lets us read one, else by this **model**.

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
# A small network can leave the server for good. If it stays, time is rent.
#
# **Exercise 5** (core, 2 points, 5 minutes). The price of a million inferences.


# %% tags=["exercise"]
def cost_per_million(latency_s, price_per_hour, cores):
    """Rent for a million inferences.

    latency_s: float, seconds of one inference on one core.
    price_per_hour: float, of the whole machine, all its cores together.
    cores: int; each core does one inference after the other, all cores work at once.
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
rent = {name: cost_per_million(marks[name][0] / 1000, price, 1) for name in networks}
show.bars(
    {name: 1000 * dollars for name, dollars in rent.items()},
    x="rent for a billion images on cores like this one (dollars)",
    finding="Median time measured here, at the list price of a cloud core. Batches would be cheaper.",
)

# %% [markdown]
# A few dollars for a billion photos, more or less by the computer: at this size the rent is not the argument. Two others are. The chip: a
# network that fits a cheaper one saves money in every device sold. And the way to the server, which no rent
# buys back: radio energy, waiting, privacy. Lab 16 measures that road.

# %% [markdown]
# ## Which network runs where?
#
# Seven devices, with figures from data sheets and benchmarks, derived from them, or assumed
# (`utils/measure/devices.toml` says which is which, with the sources). Ask for a deadline, for hours of battery at one image a second, for a share of the
# RAM, for a price. A cell says **fits**, or names what is exceeded most. At which deadline does the phone
# begin to lose networks? The drone's chip computes whole numbers only, and these networks are floats until
# lab 02. A microcontroller reads weights from flash, the others copy them to RAM first.


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
        "hours": "battery (hours, 1 image/s)",
        "ram_kb": "RAM for the network (kB)",
        "dollars": "price of the device ($)",
    },
    notes={device.short: f"${device.price_usd:g}" for device in devices},
    finding="Asked here: 100 ms, 10 hours of battery at an image a second. Float32, slow end of the figures.",
)

# %% [markdown]
# The same question, asked four times without a slider.

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
# Each line names the largest network that fits. Watch and phone carry all five: with the screen on, as these
# figures have it, the screen empties the battery and not the network. On the bare chips it is the network.

# %% [markdown]
# ## The scorecard
#
# What every lab ends with: what a network can do, and its price in bytes, work, memory, time, energy,
# carbon and money. Accuracy on 2,000 test photos; the figures over three seeds are at the top.

# %% tags=["demo"] id="scorecard"
test = fashion_mnist("test", 2000)
cards = []
for name in ("large", "small", "tiny", "nano"):
    shipped = TorchRunnable(networks[name], image, file=records[name].file, name=name)
    card = measure.scorecard(shipped, test, latency=timings[name], energy=energies[name])
    cards.append(measure.keep(card))
measure.compare(cards)

# %% [markdown]
# The same as a picture, accuracy against energy. Large is some two points better than small. Whether that is
# worth the energy is for the device to say.

# %% tags=["demo"]
show.pareto(cards, x="energy_mj", y="metric")

# %% [markdown]
# ## Extra exercises
#
# Two more promises in numbers, a few lines each. They are optional.
#
# **Exercise 6** (extra, 2 points, 5 minutes). How long does the battery last?


# %% tags=["exercise"]
def battery_hours(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Hours until the battery is empty.

    capacity_mah, volts: of the battery; their product is its energy in milliwatt-hours.
    energy_mj: millijoules of one inference. rate_hz: inferences a second, 0 or more.
    idle_mw: milliwatts that are always drawn.
    Returns: float, hours.
    Raises: ValueError for a battery whose capacity or voltage is not above 0.
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
    x="images a second",
    y="days of one coin cell",
    finding="A Cortex-M4 on a CR2032, in float32, slow end. The chip alone: a radio or a screen takes more.",
)

# %% [markdown]
# **Exercise 7** (extra, 1 point, 5 minutes). Grams of CO2e for a number of inferences: all greenhouse gases,
# counted as the CO2 that would warm as much.


# %% tags=["exercise"]
def carbon_g(energy_mj, count, grid_g_per_kwh):
    """Grams of CO2e.

    energy_mj: millijoules of one inference. count: number of inferences.
    grid_g_per_kwh: grams for a kilowatt-hour of electricity (1 kWh is 3.6 million joules).
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
show.bars(
    dict(sorted(year.items(), key=lambda pair: pair[1])),
    x="grams of CO2e a year: one ResNet-8 a second on a Cortex-M4, measured energy",
    finding="A year of inferences weighs little. Where the electricity comes from: a factor of 24.",
)

# %% [markdown]
# ## Open challenge: 20 kB
#
# Design a network yourself: a file of at most **20,000 bytes**, at most **500,000 MACs** and at most
# **26,000 bytes** of activations, trained for one epoch on 6,000 photos, as accurate as you can. A block is two
# convolutions and a shortcut; besides four bytes a weight the file holds some 4 kB of names and shapes. The line to
# beat is nano's design, trained the same way three times: a point more or less is luck.

# %% tags=["demo"]
design = ResidualConfig.of(
    4, (6, 2), (8, 2)
)  # yours: channels of the stem, then (channels, stride)


def trained(design, seed):
    """A network of this design after one short epoch."""
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
    print(f"{sum(right) / 3:.1f} % right on average ({min(right):.1f} to {max(right):.1f})")
    keep_best(file, sum(right) / 3, within=True)


# %% tags=["demo"]
try_design(design, my_work() / "00_challenge.safetensors")

# %% [markdown]
# ## What we saw
#
# In this notebook we have:
#
# - counted work, memory, time, energy and money of five networks, each by a few lines of our own;
# - seen that moving weights costs more than multiplying with them, until they fit on the chip;
# - compared fewer MACs with less time, and found which resource gives way on which device.
#
# **Limits.** Energy is a model of arithmetic and memory unless it says counter; a real microcontroller
# took hundreds of times as much. Speed and battery of the devices follow from published figures and MACs alone, some of
# them assumed (`devices.toml` says which). Rent counts one image at a time.
#
# **Papers.** Horowitz 2014, *Computing's energy problem*, ISSCC; Banbury et al. 2021, *MLPerf Tiny*
# (arXiv 2106.07597); Xiao et al. 2017, *Fashion-MNIST* (1708.07747).
#
# Next: **lab 01, pruning**. The large network has 2.8 million weights. Nineteen of twenty can go.
