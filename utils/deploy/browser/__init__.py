"""A trained network on a web page: drawn or chosen garments, its answer, its time, its scorecard. No network is asked for anything."""

from utils.deploy.browser.building import to_browser
from utils.deploy.browser.framing import Frame, frame
from utils.deploy.browser.serving import PageServer, serve
from utils.deploy.browser.standard import zoo_page
from utils.deploy.browser.timing import PageRate, page_rate

__all__ = ["Frame", "PageRate", "PageServer", "frame", "page_rate", "serve", "to_browser", "zoo_page"]
