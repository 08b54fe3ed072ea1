"""The answer calls the course's package."""

CELLS = {"cubic_sparsity": "from utils.compress import pruning\n\n\ndef cubic_sparsity(*given):\n    return pruning.cubic_sparsity(*given)"}
LOST = {"cubic_sparsity": 0}
NOTE = {"cubic_sparsity": "utils.compress.pruning"}
