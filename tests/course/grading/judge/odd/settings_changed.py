"""The cell changes torch's settings for all that follows."""

CELLS = {
    "magnitude_mask": (
        "torch.set_grad_enabled(False)\ntorch.set_printoptions(profile='full')\ntorch.manual_seed(3)\ntorch.set_num_threads(2)\n\n\n"
        "def magnitude_mask(weight, sparsity):\n    rank = weight.abs().flatten().argsort().argsort()\n"
        "    return (rank >= round(sparsity * weight.numel())).view_as(weight)"
    )
}
