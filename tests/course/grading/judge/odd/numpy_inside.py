"""The function goes through numpy and comes back."""

CELLS = {
    "magnitude_mask": (
        "def magnitude_mask(weight, sparsity):\n    flat = np.abs(weight.detach().numpy()).ravel()\n    mask = np.ones(flat.size, bool)\n"
        "    mask[np.argsort(flat, kind='stable')[: round(sparsity * flat.size)]] = False\n"
        "    return torch.from_numpy(mask).view(weight.shape)"
    )
}
