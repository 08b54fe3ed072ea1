"""The function warns, prints, logs and shows progress."""

CELLS = {
    "magnitude_mask": (
        "import logging\nimport sys\nimport warnings\n\n\ndef magnitude_mask(weight, sparsity):\n"
        "    warnings.warn('careful')\n    logging.warning('careful')\n    print(weight, file=sys.stderr)\n    display(weight)\n"
        "    rank = weight.detach().abs().flatten().argsort().argsort()\n"
        "    return (rank >= round(sparsity * weight.numel())).view_as(weight)"
    )
}
