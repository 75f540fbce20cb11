"""Walk from page to page over every link that a person sees, a few of each kind."""

from collections import Counter, deque
from collections.abc import Callable
from urllib.parse import parse_qs, urljoin, urlsplit

from werkzeug.exceptions import HTTPException

#: So many pages of one kind (route and names of parameters) are opened.
SAMPLES = 2
#: What a list is asked for behind a figure, in any mixture: the tests of the figures open those lists.
FIGURES = {"by", "timing", "mark", "rated", "holder", "direct", "common"}


def kind_of(app, url: str) -> tuple:
    """Return what sort of page `url` is: its route, and which parameters it has."""
    return page_of(app, url), tuple(sorted(set(parse_qs(urlsplit(url).query)) - FIGURES))


def page_of(app, url: str) -> str:
    """Return the route of `url`, whatever it is asked for with."""
    path = urlsplit(url).path
    try:
        return app.url_map.bind("localhost").match(path, method="GET")[0]
    except HTTPException:
        return path


def crawl(app, browser, start: str = "/", samples: int = SAMPLES, clicks: int = 100, kind: Callable = kind_of):
    """Yield (url, status, text, forms) of each page reached with so many clicks; a link that appears on many pages is
    followed once. `kind(app, url)` tells what counts as pages of one kind."""
    waiting, seen, opened = deque([(start, 0)]), {start}, Counter()
    while waiting:
        url, depth = waiting.popleft()
        sort = kind(app, url)
        if opened[sort] >= samples:
            continue
        opened[sort] += 1
        browser.open(url)
        html = browser.response.mimetype == "text/html"
        text = browser.text if html else ""
        status, forms = browser.status, browser.forms() if html else []
        landed = browser.response.request.path
        links = browser.links() if html and depth < clicks else ()
        browser.response.get_data()  # whoever reads on may look at what is closed
        browser.response.close()
        yield url, status, text, forms
        for link in links:
            target = urljoin(landed, link).split("#")[0]
            if target.startswith("/") and not target.startswith("/static/") and target not in seen:
                seen.add(target)
                waiting.append((target, depth + 1))
