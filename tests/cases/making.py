"""Cases made quickly, through the ledger, by people of the cast; and lists read as a reader sees them."""

import itertools
import re
import threading

from stdnum.cn import ric

from plugins.station.receive import receive
from plugins.station.workflow import materials_of
from portal.cases.ledger import Opening, open_case, take
from portal.db import database, now
from portal.values import Deadline
from tests.people_of_the_county import VILLAGE, person, unit
from tests.station.door import item

_serial = itertools.count(1)

#: What a step is told where a test does not care.
SAID = {
    "text": "情况属实，同意办理", "granted": "yes", "reply": "已经办好，请查收", "reply_channel": "face",
    "delivery": "window", "recipient": "王秀兰", "procedure": "公示", "missing": [], "received": [], "later": [],
}


def id_card(number: int | None = None) -> str:
    """Return a valid number of somebody born in 1960, another one each time."""
    number = next(_serial) if number is None else number
    head = f"510722196{number // 28 % 10}0{number // 280 % 9 + 1}{number % 28 + 1:02d}{number // 2520 % 900 + 100:03d}"
    return head + ric.calc_check_digit(head + "0")


def plain(where=VILLAGE, who="cun", **more):
    """Open a case that has no detail row: enough for lists and figures. `where` is a code, `line` an office's."""
    place = more.pop("place", None) or unit(where)
    at = more.pop("at", None) or now()
    opening = {
        "kind": "station.request", "title": "王*兰：高龄津贴", "limit": Deadline(5), "applicant": "王*兰", **more,
    }
    return open_case(Opening(place=place, **opening), who if not isinstance(who, str) else person(who), at=at)


def matter(where=VILLAGE, who="cun", of="高龄津贴", at=None, complete=True, **more):
    """Receive a service case, with its details and materials."""
    wanted = item(of)
    return receive(
        wanted, unit(where) if isinstance(where, str) else where, person(who) if isinstance(who, str) else who,
        {
            "name": "王秀兰", "id_card": id_card(), "phone": "", "channel": "window",
            "received": [one.id for one in wanted.materials if one.asked] if complete else [], **more,
        }, at=at,
    )


def move(case, *steps, at=None):
    """Take `steps`, each (name, who) or (name, who, data); returns the case as it then stands."""
    for name, who, *data in steps:
        said = {**SAID, **(data[0] if data else {})}
        if name == "correct":
            said["missing"] = [one.id for one in materials_of(case)][:1]
        if name == "supplement":
            said["received"] = [one.id for one in materials_of(case)]
        case = take(name, case, person(who) if isinstance(who, str) else who, said, at=at)
    return case


def listed(text: str) -> list[int]:
    """Return the ids of the cases in the rows of a list page, in their order."""
    return [int(found) for found in re.findall(r'class="row-title" href="/cases/(\d+)"', text)]


def waiting(text: str) -> list[int]:
    """Return the ids of the cases on a desk, in their order."""
    return [int(found) for found in re.findall(r'class="todo-title" href="/cases/(\d+)"', text)]


def chips(text: str) -> dict[str, int]:
    """Return the figures of the chips by their label."""
    part = text.split('<ul class="chips">')[1].split("</ul>")[0]
    found = re.findall(r"<a [^>]*>([^<]+)<span>([\d,+]*)</span>", part)
    return {label: int(count.replace(",", "")) for label, count in found}


def link(text: str, rel: str) -> str | None:
    """Return the address behind "next" or "prev" of the pager."""
    for tag in re.findall(r"<a [^>]+>", text):
        if f'rel="{rel}"' in tag:
            return re.search(r'href="([^"]+)"', tag)[1].replace("&amp;", "&")
    return None


def every_page(browser, url: str) -> list[list[int]]:
    """Return the ids of each page, following "next" to the end."""
    pages = []
    while url and len(pages) < 50:
        pages.append(listed(browser.open(url).text))
        url = link(browser.text, "next")
    return pages


def in_threads(app, *jobs) -> list:
    """Run the jobs at once, each in a thread with a connection of its own; return what they returned or raised."""
    results, start = [], threading.Barrier(len(jobs))

    def run(job):
        with app.app_context():
            try:
                database.connect(reuse_if_open=True)
                start.wait()
                results.append(job())
            except Exception as error:
                results.append(error)
            finally:
                database.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def post(browser, url: str, follow: bool = False, **fields):
    """Post `fields` with the session's token, which is asked for once: quicker than browser.post for many in a row."""
    if not hasattr(browser, "token"):
        browser.open("/help")
        browser.token = next(form.fields["csrf_token"] for form in browser.forms() if "csrf_token" in form.fields)
    data = {"csrf_token": browser.token, **fields}
    browser.response = browser._request(browser.client.post, url, data=data, follow_redirects=follow)
    return browser
