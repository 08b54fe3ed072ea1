"""The function is decorated, and defined within a try."""

CELLS = {
    "magnitude_mask": (
        "try:\n    import not_installed\nexcept ImportError:\n    not_installed = None\n\n\n"
        "@torch.no_grad()\ndef magnitude_mask(weight, sparsity):\n    rank = weight.abs().flatten().argsort().argsort()\n"
        "    return (rank >= round(sparsity * weight.numel())).view_as(weight)"
    )
}
