"""The cell imports a plotting library and draws."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] = (
                "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\n\n\n"
                + cell["source"]
                + "\n\n\nplt.plot([cubic_sparsity(step, 0, 10, 0.5) for step in range(10)])\nplt.show()"
            )
