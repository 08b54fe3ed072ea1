"""Right answers to lab 05, each written another way. The name begins with the exercise's; all must get full marks."""

import copy
import math

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def depthwise_separable_macs_by_positions(in_channels, out_channels, kernel, height, width, stride=1):
    refuse_if(kernel % 2 == 0)
    positions = len(range(0, height, stride)) * len(range(0, width, stride))
    return positions * in_channels * (kernel**2 + out_channels)


def depthwise_separable_macs_by_padding(in_channels, out_channels, kernel, height, width, stride=1):
    refuse_if(not kernel % 2)
    out_h, out_w = ((side + 2 * (kernel // 2) - kernel) // stride + 1 for side in (height, width))
    depthwise = in_channels * kernel * kernel * out_h * out_w
    pointwise = in_channels * out_channels * out_h * out_w
    return depthwise + pointwise


def macs_and_params_by_a_list(config):
    convolutions, inputs, size = [], config["in_channels"], config["size"]
    for block in config["blocks"]:
        width, kernel, after = block["width"], block["kernel"], math.ceil(size / block["stride"])
        if block["kind"] == "plain":
            convolutions.append((inputs, width, kernel, 1, after))
        elif block["kind"] == "separable":
            wide = inputs * block["expansion"]
            if block["expansion"] > 1:
                convolutions.append((inputs, wide, 1, 1, size))
            convolutions += [(wide, wide, kernel, wide, after), (wide, width, 1, 1, after)]
        else:
            raise ValueError(f"unknown kind {block['kind']}")
        inputs, size = width, after
    weights = [o * i // groups * k * k for i, o, k, groups, _ in convolutions]
    macs = sum(weight * one[-1] ** 2 for weight, one in zip(weights, convolutions, strict=True)) + inputs * config["classes"]
    return macs, sum(weights) + sum(2 * one[1] for one in convolutions) + (inputs + 1) * config["classes"]


def macs_and_params_by_building(config):
    """A network that runs; hooks count."""
    layers, inputs, total = [], config["in_channels"], [0]

    def conv(i, o, k=1, stride=1, groups=1):
        layer = torch.nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=False)

        def count(module, given, out):
            total[0] += out[0].numel() * module.weight[0].numel()

        layer.register_forward_hook(count)
        layers.extend([layer, torch.nn.BatchNorm2d(o)])

    for block in config["blocks"]:
        if block["kind"] not in ("plain", "separable"):
            raise ValueError("unknown kind of block")
        if block["kind"] == "plain":
            conv(inputs, block["width"], block["kernel"], block["stride"])
        else:
            wide = inputs * block["expansion"]
            if wide != inputs:
                conv(inputs, wide)
            conv(wide, wide, block["kernel"], block["stride"], wide)
            conv(wide, block["width"])
        inputs = block["width"]
    net = torch.nn.Sequential(*layers).eval()
    with torch.no_grad():
        net(torch.zeros(1, config["in_channels"], config["size"], config["size"]))
    parameters = sum(one.numel() for one in net.parameters())
    return [total[0] + inputs * config["classes"], parameters + (inputs + 1) * config["classes"]]


def _check(graph, order):
    refuse_if(set(order) != set(graph) or len(order) != len(graph))
    seen = set()
    for name in order:
        if not set(graph[name][1]) <= seen:
            raise ValueError("an input is missing")
        seen.add(name)


def peak_memory_of_schedule_by_counting_readers(graph, order):
    _check(graph, order)
    readers = {name: sum(name in inputs for _, inputs in graph.values()) for name in graph}
    now = peak = 0
    for name in order:
        size, inputs = graph[name]
        now += size
        peak = max(peak, now)
        for one in set(inputs):
            readers[one] -= 1
            now -= graph[one][0] if readers[one] == 0 else 0
    return peak


def peak_memory_of_schedule_backwards(graph, order):
    """From the end: what is needed behind a step."""
    _check(graph, order)
    needed = set(graph) - {one for _, inputs in graph.values() for one in inputs}
    peaks = []
    for at in range(len(order) - 1, -1, -1):
        there = needed & set(order[: at + 1]) | {order[at], *graph[order[at]][1]}
        peaks.append(sum(graph[one][0] for one in there))
        needed |= set(graph[order[at]][1])
    return torch.tensor(max(peaks))


def _fields(config):
    pairs = [(at, field) for at, block in enumerate(config["blocks"]) for field in block]
    return [(at, field) for at, field in pairs if set(config["choices"].get(field, ())) - {config["blocks"][at][field]}]


def mutate_by_a_copy(config, rng):
    made, fields = copy.deepcopy(config), _fields(config)
    refuse_if(not fields)
    at, field = fields[int(rng.random() * len(fields))]
    values = [value for value in config["choices"][field] if value != made["blocks"][at][field]]
    made["blocks"][at][field] = values[rng.integers(len(values))]
    return made


def mutate_by_trying(config, rng):
    """Draws values until one differs; numpy's integers."""
    fields = _fields(config)
    refuse_if(not fields)
    at, field = fields[rng.permutation(len(fields))[0]]
    value = config["blocks"][at][field]
    while value == config["blocks"][at][field]:
        value = rng.choice(config["choices"][field])
    blocks = [{**block, field: value} if place == at else block for place, block in enumerate(config["blocks"])]
    return {"blocks": blocks, **{key: config[key] for key in config if key != "blocks"}}


def pareto_front_by_sorting(points):
    refuse_if(any(math.isnan(value) for point in points for value in point))
    front = []
    for at in sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at)):
        if not front or points[at][1] > points[front[-1]][1] or points[at] == points[front[-1]]:
            front.append(at)
    return front


def pareto_front_in_numpy(points):
    values = np.array(points, dtype=float).reshape(-1, 2) * (1, -1)
    refuse_if(np.isnan(values).any())
    beaten = (values[:, None] <= values).all(2) & (values[:, None] < values).any(2)
    found = np.flatnonzero(~beaten.any(0))
    return found[np.argsort(values[found, 0], kind="stable")].tolist()


def pareto_front_as_a_tensor(points):
    refuse_if(any(cost != cost or quality != quality for cost, quality in points))
    order = sorted(range(len(points)), key=lambda at: points[at][0])
    kept = [at for at in order if all(c > points[at][0] or q < points[at][1] or (c, q) == tuple(points[at]) for c, q in points)]
    return torch.tensor(kept) if kept else ()


def _valid(population, budget):
    refuse_if(len(population) < 2 or budget < len(population))


def evolve_by_slices(population, fitness, budget, rng):
    _valid(population, budget)
    n, history = len(population), [(one, fitness(one)) for one in population]
    for _ in range(budget - n):
        pair = rng.choice(n, 2, replace=False)
        parent = max((history[-n:][at] for at in pair), key=lambda one: one[1])
        child = mutate_by_a_copy(parent[0], rng)
        history.append((child, fitness(child)))
    return history


def evolve_without_repeats(population, fitness, budget, rng):
    """Mutates again if the child is known; pairs are lists."""
    _valid(population, budget)
    history = [[one, fitness(one)] for one in population]
    alive = list(range(len(population)))
    while len(history) < budget:
        first, second = rng.permutation(alive)[:2]
        parent = first if history[first][1] >= history[second][1] else second
        known = [one["blocks"] for one, _ in history]
        child = mutate_by_trying(history[parent][0], rng)
        while child["blocks"] in known:
            child = mutate_by_trying(history[parent][0], rng)
        alive = [*alive[1:], len(history)]
        history.append([child, fitness(child)])
    return history
