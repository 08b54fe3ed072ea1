"""The check was copied into the exercise's cell, with its import."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] = (
                f"from utils.exercises.lab01 import check\nimport utils\n\n\n{cell['source']}\n\n\ncubic_sparsity = check(cubic_sparsity)"
            )


NOTE = {"cubic_sparsity": "not there"}
