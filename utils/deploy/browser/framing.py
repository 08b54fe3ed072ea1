"""The page inside a notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape

from utils.deploy.browser.serving import PageServer

ALT = (
    "A page on which you draw a garment or choose a photo; the network names it with a bar for each class, "
    "beside it the time of each inference and a scorecard."
)
ELSEWHERE = {
    "JUPYTERHUB_SERVICE_PREFIX": "JupyterHub",
    "JUPYTERHUB_API_URL": "JupyterHub",
    "BINDER_SERVICE_HOST": "Binder",
    "CODESPACES": "a codespace",
    "COLAB_RELEASE_TAG": "Colab",
}


@dataclass(frozen=True)
class Frame:
    """A page in a frame, with a link beside it and a text for those who don't see it. height: in pixels."""

    url: str
    alt: str = ALT
    height: int = 1180
    elsewhere: str = ""  # the name of the place, if the browser runs on another computer than Python

    def _repr_html_(self) -> str:
        url, alt = escape(self.url), escape(self.alt)
        if self.elsewhere:
            return f"<p>{escape(f'{self.alt} {self.sentence}', quote=False)}</p>"
        return (
            f'<iframe src="{url}" title="{alt}" width="100%" height="{self.height}" style="border:0"></iframe>'
            f'<p>The same in a window of its own: <a href="{url}" target="_blank" rel="noopener">{url}</a>. '
            "If nothing is shown above, run this cell again.</p>"
        )

    @property
    def sentence(self) -> str:
        """Where the page is, or why it can't be shown."""
        if self.elsewhere:
            return (
                f"It can't be shown here: this notebook runs on {self.elsewhere}, and the page's address is one of that computer alone. "
                "Download the page's folder and run 'python3 start.py page' where your browser runs."
            )
        return f"The page is at {self.url}"

    def __repr__(self) -> str:
        return self.sentence


def frame(server: PageServer, height: int = 1180) -> Frame:
    """What shows the page in JupyterLab, as the last line of a cell."""
    return Frame(server.url, height=height, elsewhere=next((place for name, place in ELSEWHERE.items() if os.environ.get(name)), ""))
