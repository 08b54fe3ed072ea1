"""It holds widgets, attachments and metadata of other tools."""

import json


def file(notebook):
    notebook["metadata"] |= {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"a": {}}}}, "colab": {"name": "x"}}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"collapsed": True, "ExecuteTime": {"end_time": None}}
        cell["attachments"] = {"picture.png": {"image/png": "AAAA"}}
    return json.dumps(notebook).encode()
