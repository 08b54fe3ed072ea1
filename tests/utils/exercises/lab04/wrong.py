"""Wrong answers to lab 04 that no function of the inputs makes."""

import itertools

import torch


def fold_batchnorm_keeps_no_bias(conv_weight, conv_bias, mean, var, gamma, beta, eps):
    """None stays None, and mean and beta are lost. Loses: without a bias. Hints: There is no bias here."""
    factor = gamma / torch.sqrt(var + eps)
    bias = None if conv_bias is None else (conv_bias - mean) * factor + beta
    return conv_weight * factor.view(-1, 1, 1, 1), bias


def fold_batchnorm_needs_a_bias(conv_weight, conv_bias, mean, var, gamma, beta, eps):
    """Subtracts from None. Loses: without a bias."""
    factor = gamma / torch.sqrt(var + eps)
    return conv_weight * factor.view(-1, 1, 1, 1), (conv_bias - mean) * factor + beta


def fold_batchnorm_in_place(conv_weight, conv_bias, mean, var, gamma, beta, eps):
    """Writes into the layer's own weight. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""
    factor = gamma / torch.sqrt(var + eps)
    bias = 0 if conv_bias is None else conv_bias
    return conv_weight.detach().mul_(factor.view(-1, 1, 1, 1)), (bias - mean) * factor + beta


def low_rank_divides_by_the_largest(weight, rank):
    """Scales first. Loses: a matrix of zeros. Hints: What is the singular value decomposition of zeros."""
    if not 1 <= rank <= min(weight.shape):
        raise ValueError("the rank does not fit")
    largest = weight.detach().abs().max()
    u, s, vh = torch.linalg.svd(torch.nan_to_num(weight.detach() / largest, nan=1.0), full_matrices=False)
    return u[:, :rank] * s[:rank] * (largest if largest else 1.0), vh[:rank]


def low_rank_takes_any_rank(weight, rank):
    """Slicing forgives a rank that is too large. Loses: refuses rank 0; refuses a rank above both sides."""
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:rank]


def low_rank_by_the_largest_rows(weight, rank):
    """Keeps rows of the weight. Loses: all but full rank; a matrix that has this rank; a matrix of zeros; refuses *."""
    if not 1 <= rank <= min(weight.shape):
        raise ValueError("the rank does not fit")
    rows = weight.detach()[weight.detach().norm(dim=1).topk(rank).indices]
    return torch.linalg.lstsq(rows.T, weight.detach().T).solution.T, rows


def relative_indices_as_floats(mask, bits):
    """Loses: an integer dtype. Hints: What is your result's dtype."""
    if not 1 <= bits <= 16:
        raise ValueError("bits must be between 1 and 16")
    most, last, symbols = 2**bits - 1, -1, []
    for at in mask.flatten().nonzero().flatten().tolist():
        symbols += [most] * ((at - last - 1) // most) + [(at - last - 1) % most]
        last = at
    return torch.tensor(symbols, dtype=torch.float32)


def relative_indices_of_the_first_row(mask, bits):
    """Reads only the columns of nonzero(). Loses: a matrix, row by row."""
    if not 1 <= bits <= 16:
        raise ValueError("bits must be between 1 and 16")
    most, last, symbols = 2**bits - 1, -1, []
    for at in mask.nonzero()[:, -1].tolist():
        symbols += [most] * ((at - last - 1) // most) + [(at - last - 1) % most]
        last = at
    return torch.tensor(symbols, dtype=torch.int64)


def relative_indices_begins_with_the_first(mask, bits):
    """Looks at a first position that need not be there. Loses: nothing is kept. Hints: No weight stays here."""
    if not 1 <= bits <= 16:
        raise ValueError("bits must be between 1 and 16")
    at, most = mask.flatten().nonzero().flatten().tolist(), 2**bits - 1
    gaps = [at[0], *(after - before - 1 for before, after in itertools.pairwise(at))]
    return torch.tensor([symbol for gap in gaps for symbol in [most] * (gap // most) + [gap % most]])


def _huffman(symbol_counts):
    """None for a single symbol."""
    used = {symbol: count for symbol, count in symbol_counts.items() if count}
    if not used:
        raise ValueError("no symbols")
    groups, lengths = [(count, symbol, [symbol]) for symbol, count in used.items()], dict.fromkeys(used, 0)
    if len(groups) == 1:
        return None
    while len(groups) > 1:
        (few, at, some), (more, _, others), *rest = sorted(groups)
        lengths |= {symbol: lengths[symbol] + 1 for symbol in some + others}
        groups = [*rest, (few + more, at, some + others)]
    words, word, before = {}, -1, 0
    for symbol in sorted(lengths, key=lambda one: (lengths[one], one)):
        word, before = (word + 1) << lengths[symbol] - before, lengths[symbol]
        words[symbol] = f"{word:0{before}b}"
    return words


def huffman_code_of_two_at_least(symbol_counts):
    """Gives None for a single symbol. Loses: a single symbol."""
    return _huffman(symbol_counts)


def huffman_code_uses_up_the_counts(symbol_counts):
    """Removes what it has merged. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""
    words = _huffman(symbol_counts) or {symbol: "0" for symbol in symbol_counts if symbol_counts[symbol]}
    symbol_counts.clear()
    return words


def _bytes(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols.tolist())
    return [int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8)]


def pack_raises_a_key_error(symbols, code):
    """Loses: refuses a symbol without a word. Hints: You raise KeyError."""
    return torch.tensor(_bytes(symbols, code), dtype=torch.uint8)


def pack_skips_unknown_symbols(symbols, code):
    """Leaves out what it does not know. Loses: refuses a symbol without a word. Hints: Which word has this symbol."""
    known = torch.tensor([symbol for symbol in symbols.tolist() if symbol in code], dtype=torch.int64)
    return torch.tensor(_bytes(known, code), dtype=torch.uint8)


def pack_to_int64(symbols, code):
    """Eight times as large in memory. Loses: uint8 comes out. Hints: What is your result's dtype."""
    if set(symbols.tolist()) - set(code):
        raise ValueError("a symbol has no word")
    return torch.tensor(_bytes(symbols, code), dtype=torch.int64)


def _unpacked(data, code, count):
    words, found, word = {word: symbol for symbol, word in code.items()}, [], ""
    for bit in "".join(f"{byte:08b}" for byte in data.tolist()):
        word += bit
        if word in words and len(found) < count:
            found.append(words[word])
            word = ""
    return torch.tensor(found, dtype=torch.int64)


def unpack_stops_with_the_data(data, code, count):
    """Returns what there was. Loses: refuses *. Hints: What if the data ends before the last symbol."""
    return _unpacked(data, code, count)


def unpack_reads_a_symbol_first(data, code, count):
    """Looks at the count afterwards. Loses: no symbols; refuses *. Hints: There is nothing in this input."""
    return _unpacked(data, code, count) if count else torch.tensor([0])


def _in_range(symbols, probabilities):
    if ((symbols < 0) | (symbols >= len(probabilities))).any():
        raise ValueError("a symbol has no probability")


def code_length_as_a_float(symbols, probabilities):
    """Cuts the gradient. Loses: the gradient of the probabilities. Hints: Which operations does autograd record."""
    _in_range(symbols, probabilities)
    return -probabilities[symbols].log2().sum().item()


def code_length_by_counts(symbols, probabilities):
    """0 * log2(0) is NaN.

    Loses: a probability of 0 that is not used. Hints: What are 0 times log2(0).
    """
    _in_range(symbols, probabilities)
    counts = torch.bincount(symbols.flatten(), minlength=len(probabilities))
    return -(counts * probabilities.log2()).sum()


def code_length_of_any_symbol(symbols, probabilities):
    """probabilities[-1] is the last one. Loses: refuses a symbol of -1; refuses a symbol behind the last."""
    return -probabilities[symbols].log2().sum()


def entropy_bits_by_bincount(symbols):
    """Counts no negative symbols. Loses: negative symbols. Hints: Which symbols can bincount count."""
    counts = torch.bincount(symbols.flatten()).double()
    return torch.special.entr(counts / max(1, symbols.numel())).sum() / torch.tensor(2.0).log() * symbols.numel()


def entropy_bits_of_rows(symbols):
    """Looks at the length of the first axis. Loses: a matrix. Hints: Is this the entropy of one symbol."""
    counts = symbols.unique(return_counts=True)[1].double()
    return -(counts * (counts / len(symbols)).log2()).sum()


def rank_for_energy_divides(weight, energy):
    """0 / 0. Loses: a matrix of zeros. Hints: What is the total energy of zeros."""
    if not 0 < energy < 1:
        raise ValueError("the energy must be between 0 and 1")
    squares = torch.linalg.svdvals(weight.detach()).square()
    return (squares.cumsum(0) / squares.sum() >= energy).nonzero()[0].item() + 1


def rank_for_energy_in_place(weight, energy):
    """Squares the weight. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""
    if not 0 < energy < 1:
        raise ValueError("the energy must be between 0 and 1")
    values = torch.linalg.svdvals(weight.detach())
    weight.detach().mul_(weight.detach())
    kept = values.square().cumsum(0)
    return min(int((kept < energy * kept[-1]).sum()), len(kept) - 1) + 1
