"""It has the format of 2013."""

import json


def file(notebook):
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append(
                {"cell_type": "code", "language": "python", "input": cell["source"], "outputs": [], "metadata": {}, "collapsed": False}
            )
        else:
            cells.append({"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {}})
    return json.dumps(
        {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}
    ).encode()
