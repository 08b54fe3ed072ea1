"""Right answers to lab 04, each written another way."""

import heapq
import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def fold_batchnorm_by_broadcasting(conv_weight, conv_bias, mean, var, gamma, beta, eps):
    factor = gamma * torch.rsqrt(var + eps)
    bias = -mean if conv_bias is None else conv_bias - mean
    return conv_weight * factor[:, None, None, None], bias * factor + beta


def fold_batchnorm_as_matrices(conv_weight, conv_bias, mean, var, gamma, beta, eps):
    factor = torch.diag((gamma / (var + eps).sqrt()).double())
    weight = (factor @ conv_weight.double().flatten(1)).view(conv_weight.shape)
    shift = beta.double() - factor @ mean.double()
    return [weight.detach(), shift if conv_bias is None else shift + factor @ conv_bias.double()]


def low_rank_with_roots(weight, rank):
    refuse_if(not 1 <= rank <= min(weight.shape))
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, root[:, None] * vh[:rank]


def low_rank_by_projection(weight, rank):
    """Without singular values: onto the largest eigenvectors of W W^T."""
    refuse_if(not 1 <= rank <= min(weight.shape))
    w = weight.detach().double()
    left = torch.linalg.eigh(w @ w.T).eigenvectors.flip(1)[:, :rank]
    return left.float(), (left.T @ w).float()


def relative_indices_by_counting(mask, bits):
    refuse_if(not 1 <= bits <= 16)
    symbols, gap, most = [], 0, 2**bits - 1
    for kept in mask.flatten().tolist():
        if not kept:
            gap += 1
            continue
        symbols += [most] * (gap // most) + [gap % most]
        gap = 0
    return torch.tensor(symbols, dtype=torch.int32)


def relative_indices_while(mask, bits):
    refuse_if(not 1 <= bits <= 16)
    most, last, symbols = (1 << bits) - 1, -1, []
    for at in mask.reshape(-1).nonzero().flatten().tolist():
        gap = at - last - 1
        while gap >= most:
            symbols.append(most)
            gap -= most
        symbols.append(gap)
        last = at
    return torch.tensor(symbols).long()


def _canonical(lengths):
    words, word, before = {}, -1, 0
    for symbol in sorted(lengths, key=lambda one: (lengths[one], one)):
        word = (word + 1) << lengths[symbol] - before
        before = lengths[symbol]
        words[symbol] = f"{word:0{before}b}"
    return words


def huffman_code_with_parents(symbol_counts):
    nodes = [(count, at, symbol) for at, (symbol, count) in enumerate(symbol_counts.items()) if count > 0]
    refuse_if(not nodes)
    if len(nodes) == 1:
        return {nodes[0][2]: "0"}
    ticket, depth = itertools.count(len(symbol_counts)), {}
    heapq.heapify(nodes)
    while len(nodes) > 1:
        one, two = heapq.heappop(nodes), heapq.heappop(nodes)
        heapq.heappush(nodes, (one[0] + two[0], next(ticket), (one[2], two[2])))
    stack = [(nodes[0][2], 0)]
    while stack:
        node, below = stack.pop()
        if isinstance(node, tuple):
            stack += [(child, below + 1) for child in node]
        else:
            depth[node] = below
    return _canonical(depth)


def huffman_code_by_sorting(symbol_counts):
    """Ties the other way, which may give other lengths, together as short."""
    groups = [(count, -symbol, [symbol]) for symbol, count in symbol_counts.items() if count]
    refuse_if(not groups)
    lengths = {group[2][0]: len(groups) == 1 for group in groups}
    while len(groups) > 1:
        groups.sort(key=lambda group: (group[0], -len(group[2]), group[1]))
        few, more = groups.pop(0), groups.pop(0)
        for symbol in few[2] + more[2]:
            lengths[symbol] += 1
        groups.append((few[0] + more[0], few[1], few[2] + more[2]))
    return _canonical({symbol: int(length) for symbol, length in lengths.items()})


def pack_as_one_number(symbols, code):
    refuse_if(not set(symbols.tolist()) <= set(code))
    bits = "".join(code[symbol] for symbol in symbols.tolist())
    bits += "0" * (-len(bits) % 8)
    return torch.tensor(list(int(bits, 2).to_bytes(len(bits) // 8, "big")) if bits else [], dtype=torch.uint8)


def pack_bit_by_bit(symbols, code):
    refuse_if(any(symbol not in code for symbol in symbols.tolist()))
    data, free = [], 0
    for symbol in symbols.tolist():
        for bit in code[symbol]:
            if not free:
                data.append(0)
                free = 8
            free -= 1
            data[-1] |= int(bit) << free
    return torch.tensor(data, dtype=torch.uint8)


def unpack_with_a_reversed_dict(data, code, count):
    symbol_of, found, word = {word: symbol for symbol, word in code.items()}, [], ""
    bits = iter("".join(f"{byte:08b}" for byte in data.tolist()))
    while len(found) < count:
        word += next(bits, "x")
        refuse_if(word[-1] == "x")
        if word in symbol_of:
            found.append(symbol_of[word])
            word = ""
    return torch.tensor(found, dtype=torch.int32)


def unpack_through_a_tree(data, code, count):
    tree = {}
    for symbol, word in code.items():
        node = tree
        for bit in word[:-1]:
            node = node.setdefault(int(bit), {})
        node[int(word[-1])] = symbol
    found, node = [], tree
    for byte in data.tolist():
        for shift in range(7, -1, -1):
            if len(found) == count:
                break
            node = node.get(byte >> shift & 1, {}) if isinstance(node, dict) else {}
            if not isinstance(node, dict):
                found.append(node)
                node = tree
    refuse_if(len(found) != count)
    return torch.tensor(found).long()


def code_length_by_indexing(symbols, probabilities):
    refuse_if(((symbols < 0) | (symbols >= len(probabilities))).any())
    return -probabilities[symbols].log2().sum()


def code_length_by_gather(symbols, probabilities):
    refuse_if(((symbols < 0) | (symbols >= len(probabilities))).any())
    chosen = probabilities.double().gather(0, symbols.flatten())
    return (-torch.log(chosen) / math.log(2)).sum()


def entropy_bits_by_unique(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return -(counts * (counts / symbols.numel()).log2()).sum()


def entropy_bits_by_counter(symbols):
    numbers = symbols.flatten().tolist()
    return sum(count * math.log2(len(numbers) / count) for count in Counter(numbers).values())


def rank_for_energy_with_searchsorted(weight, energy):
    refuse_if(not 0 < energy < 1)
    kept = torch.linalg.svdvals(weight.detach().double()).square().cumsum(0)
    return torch.searchsorted(kept, energy * kept[-1]) + 1


def rank_for_energy_in_a_loop(weight, energy):
    refuse_if(not 0 < energy < 1)
    squares = np.linalg.svd(weight.detach().numpy().astype(float), compute_uv=False) ** 2
    for rank in range(1, len(squares) + 1):
        if squares[:rank].sum() >= energy * squares.sum():
            return rank


def _counted(symbols, probabilities):
    counts = [round(4096 * one) for one in probabilities.tolist()]
    refuse_if(any(counts[symbol] == 0 for symbol in symbols.tolist()))
    return counts


def range_encode_in_integers(symbols, probabilities):
    counts, low, width, whole = _counted(symbols, probabilities), 0, 1, 1
    for symbol in symbols.tolist():
        low = low * 4096 + width * sum(counts[:symbol])
        width *= counts[symbol]
        whole *= 4096
    size = 0
    while -(-low * 256**size // whole) * whole >= (low + width) * 256**size:
        size += 1
    return torch.tensor(list((-(-low * 256**size // whole)).to_bytes(size, "big")), dtype=torch.uint8)


def range_encode_with_the_middle(symbols, probabilities):
    """Another number of the interval, a byte longer than it needs to be."""
    counts, low, width = _counted(symbols, probabilities), Fraction(0), Fraction(1)
    for symbol in symbols.tolist():
        low += width * Fraction(sum(counts[:symbol]), 4096)
        width *= Fraction(counts[symbol], 4096)
    size = 0
    while 256**size * width <= 2:
        size += 1
    place = math.floor((low + width / 2) * 256**size)
    return torch.tensor(list(place.to_bytes(size, "big")), dtype=torch.uint8)


def range_encode_without_the_zeros_at_the_end(symbols, probabilities):
    """Bit by bit, as a streaming coder writes: halves that the interval lies in, one after the other."""
    counts, low, width, bits = _counted(symbols, probabilities), Fraction(0), Fraction(1), ""
    for symbol in symbols.tolist():
        low, width = low + width * Fraction(sum(counts[:symbol]), 4096), width * Fraction(counts[symbol], 4096)
        while low >= Fraction(1, 2) or low + width <= Fraction(1, 2):
            bit = int(low >= Fraction(1, 2))
            bits += str(bit)
            low, width = 2 * low - bit, 2 * width
    end = 0
    while math.ceil(low * 2**end) >= (low + width) * 2**end:
        end += 1
    bits += format(math.ceil(low * 2**end), f"0{end}b") if end else ""
    bits = bits.rstrip("0")
    return torch.tensor([int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8)], dtype=torch.uint8)
