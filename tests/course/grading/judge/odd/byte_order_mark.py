"""It was saved as UTF-16 with a byte order mark."""

import json


def file(notebook):
    return json.dumps(notebook, ensure_ascii=False).encode("utf-16")
