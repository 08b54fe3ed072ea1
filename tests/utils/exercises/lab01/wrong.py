"""Wrong answers to lab 01 that are not declared as mistakes: types, refusals, callbacks, what happens to the inputs."""

from tests.utils.exercises.lab01 import right
from tests.utils.exercises.wrong_answers import edited

_mask, _masks, _nm_mask = right.magnitude_mask_by_rank, right.global_masks_by_rank, right.nm_mask_by_topk
_importance, _channels = right.channel_importance_by_sums, right.remove_channels_by_index_select
_table, _loops = right.sensitivity_by_comprehension, right.sensitivity_by_loops

_KEEPS = "Loses: leaves its inputs as they were"
_LAYER = "Loses: takes a layer's parameter"
_LAYERS_HINT = f"{_LAYER}. Hints: A layer's weight is a parameter"
_SIGNS = {"weight.abs()": "weight.detach().abs_()"}  # detach() shares the memory: the weight loses its signs
_NUMPY = {"weight.abs()": "torch.from_numpy(abs(weight.numpy()))"}  # fails on what a layer holds
TABLE = {
    "magnitude_mask_in_place": (
        f"{_LAYER}; leaves its inputs as they were",
        edited(_mask, {".abs()": ".abs_()", "    return": "    weight *= 0.5\n    return"}),
    ),
    "magnitude_mask_in_place_behind_detach": (f"{_KEEPS}. Hints: Print the inputs before and after", edited(_mask, _SIGNS)),
    "magnitude_mask_of_an_unknown_name": (  # the error says enough: there is no other hint
        "Loses: all. Hints: Where does weigth",  # codespell:ignore weigth
        edited(_mask, {"weight.abs()": "weigth.abs()"}),  # codespell:ignore weigth
    ),
    "magnitude_mask_as_numpy": ("Loses: all", lambda *given: _mask(*given).numpy()),
    "magnitude_mask_in_numpy_without_detach": (_LAYERS_HINT, edited(_mask, _NUMPY)),
    "global_masks_in_place_behind_detach": (_KEEPS, edited(_masks, {"weight.flatten()": "weight.detach().abs_().flatten()"})),
    "global_masks_as_numpy": ("Loses: all", edited(_masks, {"view(weight.shape)": "view(weight.shape).numpy()"})),
    "global_masks_writes_into_the_dict": (_KEEPS, edited(_masks, {"{}": "weights"})),
    "channel_importance_l1_in_place": (_KEEPS, edited(_importance, _SIGNS)),
    "channel_importance_l2_in_place": (_KEEPS, edited(_importance, {"weight.double().square()": "weight.detach().pow_(2)"})),
    "channel_importance_as_numpy": ("Loses: all but refuses another criterion", lambda *given: _importance(*given).numpy()),
    "channel_importance_of_anything": (
        "Loses: refuses another criterion. Hints: What should happen with a criterion",
        edited(_importance, {'criterion == "l2"': "True"}),
    ),
    "remove_channels_in_place": (_KEEPS, lambda *given: [_channels(*given), given[0].detach().abs_()][0]),
    "remove_channels_needs_a_bias": (
        "Loses: without a bias. Hints: There is no bias here",
        edited(_channels, {" if conv_bias is not None else None": ""}),
    ),
    "sensitivity_transposed": (
        "Loses: all but asks once for each pair",
        lambda evaluate, names, sparsities: {one: [evaluate(name, one) for name in names] for one in sparsities},
    ),
    "sensitivity_sorted": ("Loses: keeps the order of the sparsities", edited(_table, {"in sparsities": "in sorted(sparsities)"})),
    "sensitivity_last_only": (
        "Loses: all but one layer, one sparsity; asks once for each pair",
        edited(_loops, {"table[name] = ()": "pass", "+=": "="}),
    ),
    "sensitivity_asks_twice": (
        "Loses: asks once for each pair. Hints: How often does your function call evaluate",
        edited(_table, {"[evaluate(name, sparsity)": "[max(evaluate(name, sparsity), evaluate(name, sparsity))"}),
    ),
    "sensitivity_in_tensors": (  # of float32
        "Loses: all but no sparsities, empty lists; asks once for each pair",
        edited(_table, {"[evaluate(name, sparsity)": "[torch.tensor(evaluate(name, sparsity))"}),
    ),
    "sensitivity_with_a_baseline": (
        "Loses: all but sparsity 0 counts as well",
        edited(_table, {"in sparsities]": "in (0.0, *sparsities)][1:]"}),
    ),
    "sensitivity_of_lists": (  # one value is not put in a list; sparsity 0 counts as false
        "Loses: one layer, one sparsity; sparsity 0 counts as well",
        edited(_table, {"in sparsities]": "in sparsities if sparsity][0 if len(sparsities) == 1 else slice(None)]"}),
    ),
    "nm_mask_writes_into_the_weight": (
        f"{_LAYER}; leaves its inputs as they were",
        edited(_nm_mask, {"torch.zeros(groups.shape, dtype=torch.bool)": "weight.view(-1, m).zero_()"}),
    ),
    "nm_mask_in_place_behind_detach": (_KEEPS, edited(_nm_mask, _SIGNS)),
    "nm_mask_in_numpy_without_detach": (_LAYERS_HINT, edited(_nm_mask, _NUMPY)),
    "nm_mask_reshapes_first": (
        "Loses: refuses inputs that m does not divide. Hints: You raise RuntimeError",
        edited(_nm_mask, {"weight.shape[1] % m != 0": "False", "reshape(-1, m)": "reshape(len(weight), -1, m).flatten(0, 1)"}),
    ),
    "nm_mask_one_at_least": ("Loses: all of a group", edited(_nm_mask, {"topk(n": "topk(min(n, m - 1)"})),
    "rewind_in_place": (_KEEPS, lambda initial, final, mask: initial.mul_(mask)),
    "rewind_bools_only": (
        "Loses: a mask of numbers. Hints: This mask has the numbers 0.0 and 1.0",
        lambda initial, final, mask: initial.masked_fill(~mask, 0),
    ),
}


def remove_channels_zeroes(conv_weight, conv_bias, next_weight, keep):
    """Sets to zero, in place, what should go: the shapes stay. Loses: all but keeps all."""
    gone = [channel for channel in range(len(conv_weight)) if channel not in keep]
    conv_weight[gone] = 0
    next_weight[:, gone] = 0
    return conv_weight, conv_bias, next_weight
