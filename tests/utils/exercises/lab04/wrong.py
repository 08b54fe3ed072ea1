"""Wrong answers to lab 04 that no function of the inputs makes."""

import torch

from tests.utils.exercises.lab04 import right
from tests.utils.exercises.wrong_answers import edited

_fold, _rank, _projection = right.fold_batchnorm_by_broadcasting, right.low_rank_with_roots, right.low_rank_by_projection
_gaps, _huffman, _pack = right.relative_indices_while, right.huffman_code_with_parents, right.pack_as_one_number
_bits, _entropy, _energy = right.code_length_by_indexing, right.entropy_bits_by_unique, right.rank_for_energy_with_searchsorted
_stops = edited(right.unpack_with_a_reversed_dict, {'refuse_if(word[-1] == "x")': 'if word[-1] == "x":\n            break'})

_KEEPS = "Loses: leaves its inputs as they were. Hints: Print the inputs before and after"
_FACTOR = "factor[:, None, None, None]"
_NO_WORD, _UNKNOWN = "Loses: refuses a symbol without a word", "not set(symbols.tolist()) <= set(code)"
TABLE = {
    "fold_batchnorm_keeps_no_bias": (  # None stays None: mean and beta are lost
        "Loses: without a bias. Hints: There is no bias here",
        edited(_fold, {"bias * factor + beta": "None if conv_bias is None else bias * factor + beta"}),
    ),
    "fold_batchnorm_needs_a_bias": ("Loses: without a bias", edited(_fold, {"-mean if conv_bias is None else ": ""})),
    "fold_batchnorm_in_place": (_KEEPS, edited(_fold, {f"conv_weight * {_FACTOR}": f"conv_weight.detach().mul_({_FACTOR})"})),
    "low_rank_divides_by_the_largest": (
        "Loses: a matrix of zeros. Hints: What is the singular value decomposition of zeros",
        edited(
            _rank,
            {
                "svd(weight,": "svd(torch.nan_to_num(weight / weight.abs().max(), nan=1.0),",
                "* root, ": "* root * (weight.abs().max() or 1), ",
            },
        ),
    ),
    "low_rank_takes_any_rank": (  # slicing forgives a rank that is too large
        "Loses: refuses rank 0; refuses a rank above both sides",
        edited(_rank, {"not 1 <= rank <= min(weight.shape)": "False"}),
    ),
    "low_rank_by_the_largest_rows": (
        "Loses: all but full rank; a matrix that has this rank; a matrix of zeros; refuses *",
        edited(
            _projection,
            {
                "left = torch.linalg.eigh(w @ w.T).eigenvectors.flip(1)[:, :rank]": "rows = w[w.norm(dim=1).topk(rank).indices]",
                "left.float(), (left.T @ w).float()": "torch.linalg.lstsq(rows.T, w.T).solution.T, rows",
            },
        ),
    ),
    "relative_indices_as_floats": ("Loses: an integer dtype. Hints: What is your result's dtype", lambda *given: _gaps(*given).float()),
    "relative_indices_of_the_first_row": (  # reads only the columns of nonzero()
        "Loses: a matrix, row by row",
        edited(_gaps, {"mask.reshape(-1).nonzero().flatten()": "mask.nonzero()[:, -1]"}),
    ),
    "relative_indices_begins_with_the_first": (  # looks at a first position that need not be there
        "Loses: nothing is kept. Hints: No weight stays here",
        lambda mask, bits: [_gaps(mask, bits), mask.flatten().nonzero()[0]][0],
    ),
    "huffman_code_of_two_at_least": ("Loses: a single symbol", edited(_huffman, {'return {nodes[0][2]: "0"}': "return None"})),
    "huffman_code_uses_up_the_counts": (_KEEPS, lambda counts: [_huffman(counts), counts.clear()][0]),
    "pack_raises_a_key_error": (f"{_NO_WORD}. Hints: You raise KeyError", edited(_pack, {_UNKNOWN: "False"})),
    "pack_skips_unknown_symbols": (
        f"{_NO_WORD}. Hints: Which word has this symbol",
        edited(_pack, {_UNKNOWN: "False", "symbols.tolist())\n    bits": "symbols.tolist() if symbol in code)\n    bits"}),
    ),
    "pack_to_int64": (  # eight times as large in memory
        "Loses: uint8 comes out. Hints: What is your result's dtype",
        edited(_pack, {"torch.uint8": "torch.int64"}),
    ),
    "unpack_stops_with_the_data": ("Loses: refuses *. Hints: What if the data ends before the last symbol", _stops),
    "unpack_reads_a_symbol_first": (  # looks at the count afterwards
        "Loses: no symbols; refuses *. Hints: There is nothing in this input",
        lambda *given: _stops(*given) if given[2] else torch.tensor([0]),
    ),
    "code_length_as_a_float": (
        "Loses: the gradient of the probabilities. Hints: Which operations does autograd record",
        lambda *given: _bits(*given).item(),
    ),
    "code_length_by_counts": (  # 0 * log2(0) is NaN
        "Loses: a probability of 0 that is not used. Hints: What are 0 times log2(0)",
        edited(
            _bits, {"probabilities[symbols].log2()": "(symbols.flatten().bincount(minlength=len(probabilities)) * probabilities.log2())"}
        ),
    ),
    "code_length_of_any_symbol": (  # probabilities[-1] is the last one
        "Loses: refuses a symbol of -1; refuses a symbol behind the last",
        edited(_bits, {"((symbols < 0) | (symbols >= len(probabilities))).any()": "False"}),
    ),
    "entropy_bits_by_bincount": (
        "Loses: negative symbols. Hints: Which symbols can bincount count",
        edited(_entropy, {"symbols.unique(return_counts=True)[1]": "symbols.flatten().bincount()", ").log2()": ").clamp_min(1e-9).log2()"}),
    ),
    "entropy_bits_of_rows": (
        "Loses: a matrix. Hints: Is this the entropy of one symbol",
        edited(_entropy, {"symbols.numel()": "len(symbols)"}),
    ),
    "rank_for_energy_divides": (  # 0 / 0
        "Loses: a matrix of zeros. Hints: What is the total energy of zeros",
        edited(_energy, {"kept, energy * kept[-1]": "kept / kept[-1], energy"}),
    ),
    "rank_for_energy_in_place": (_KEEPS, lambda weight, energy: [_energy(weight, energy), weight.detach().square_()][0]),
}
