"""A hook that fails again and again, or hangs, is left alone for a while, then tried, and asked again if it works."""

import threading

import pytest

from portal.accounts.models import Post
from portal.audit.models import AuditEntry
from portal.health import HookHealth, report_due
from portal.notify.models import Notice
from portal.registry.breaker import LONGEST_PAUSE, LOOK, REPORT, WINDOW, Breaker, Breakers, Limits
from portal.testing.queries import counted_queries
from portal.values import Refused
from tests.people_of_the_county import VILLAGE, unit
from tests.registry.sources import hook, plugin

LIMITS = Limits(failures=3, pause=300, slow=3)


class Hands:
    """A clock that a test sets by hand."""

    def __init__(self):
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def breaker(hands):
    return Breaker("notices", "portal_cards.news", LIMITS, hands)


def fail(breaker, times: int = 1) -> list[bool]:
    return [breaker.leave(breaker.enter(), ValueError("x")) for _ in range(times)]


# -- the breaker itself --------------------------------------------------------------------------------------------

def test_three_failures_open_it_and_say_so_once(breaker):
    assert fail(breaker, 3) == [False, False, True]
    assert breaker.enter() is None and breaker.seconds_left == 300


def test_failures_that_lie_far_apart_do_not(breaker, hands):
    for _ in range(10):
        fail(breaker)
        hands.time += WINDOW / 2 - 1
        assert breaker.leave(breaker.enter()) is False
        hands.time += 2
    assert breaker.enter()


def test_what_mostly_works_is_not_taken_from_everybody_for_one_persons_failure(breaker):
    for _ in range(20):
        fail(breaker)
        for _ in range(2):
            breaker.leave(breaker.enter())
    assert breaker.enter()


def test_after_the_pause_one_call_is_tried_and_the_others_still_pass_by(breaker, hands):
    fail(breaker, 3)
    hands.time += 300
    trial = breaker.enter()
    assert trial and breaker.enter() is None
    breaker.leave(trial)
    assert breaker.enter() and breaker.enter(), "it worked, so everybody may again"


def test_a_trial_that_fails_doubles_the_pause_up_to_an_hour(breaker, hands):
    fail(breaker, 3)
    pauses = []
    for _ in range(6):
        hands.time += breaker.seconds_left
        assert fail(breaker) == [False], "it is not told again"
        pauses.append(breaker.seconds_left)
    assert pauses == [600, 1200, 2400, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_call_of_half_a_minute_opens_it_alone(breaker, hands):
    number = breaker.enter()
    hands.time += 30
    assert breaker.leave(number) is True and breaker.enter() is None
    assert breaker.counts.slow == 1 and "30 秒" in breaker.counts.error


def test_while_a_call_hangs_nobody_else_goes_in(breaker, hands):
    inside = breaker.enter(), breaker.enter()
    hands.time += LIMITS.slow + 1
    assert breaker.enter() is None and breaker.open_until is None
    for number in inside:
        hands.time += 30
        breaker.leave(number)
    assert breaker.seconds_left == 300 - 30, "the second had begun before it was opened, so it is no trial"


def test_one_that_hangs_for_ever_is_not_tried_either(breaker, hands):
    breaker.enter()
    for _ in range(5):
        hands.time += LONGEST_PAUSE
        assert breaker.enter() is None


def test_patient_hooks_may_take_their_time():
    breakers = Breakers(LIMITS)
    breakers.clock = Hands()
    check = breakers.of("notices", "portal_check")
    number = check.enter()
    breakers.clock.time += 1000
    assert check.leave(number) is False and check.counts.failures == 0


def test_two_threads_never_try_at_once(breaker, hands):
    fail(breaker, 3)
    hands.time += 300
    let_in, ready = [], threading.Barrier(8)

    def enter():
        ready.wait()
        let_in.append(breaker.enter())

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([number for number in let_in if number]) == 1


def test_a_report_is_due_at_once_and_then_seldom(hands):
    breakers = Breakers(LIMITS)
    breakers.clock = hands
    one = breakers.of("notices", "portal_cards.news")
    assert breakers.due() == []
    fail(one)
    assert breakers.due() == [one] and one.take().failures == 1 and breakers.due() == []
    fail(one)
    assert breakers.due() == [] and breakers.due(everything=True) == [one]
    hands.time += REPORT
    assert breakers.due() == [one]
    fail(one)
    assert breakers.due() == [one], "that it is left alone is told at once"
    one.take()
    one.enter()
    assert breakers.due() == []
    hands.time += LOOK
    assert breakers.due() == [one], "somebody may want it tried again"


def test_what_could_not_be_reported_is_kept(breaker):
    fail(breaker, 2)
    taken = breaker.take()
    fail(breaker)
    breaker.give_back(taken)
    counts = breaker.take()
    assert (counts.failures, counts.opened) == (3, 1) and counts.at and counts.error == "ValueError"


# -- through the door ----------------------------------------------------------------------------------------------

CARD = '''
import threading

calls, broken, go_on = [], [True], threading.Event()


def prepare(person):
    calls.append(person.name)
    if broken[0]:
        raise ValueError("张三的电话是 13890112233")
    return {}


def hang(person):
    calls.append(person.name)
    go_on.wait(20)
    return {}
'''


def source(prepare: str = "prepare", slug: str = "notices") -> dict[str, str]:
    card = f'Card(5, "news", "通知", "{slug}/card.html", {prepare}, "{slug}.read")'
    return {
        f"{slug}.py": plugin(slug, head=CARD, extra=hook("portal_cards", f"return [{card}]"),
                             blueprint=f'Blueprint("{slug}", __name__, template_folder="{slug}_templates")'),
        f"{slug}_templates/{slug}/card.html": f"<p>卡片 {slug}</p>",
    }


@pytest.fixture
def county(start, hands):
    made = start(source() | source(slug="weather"), ["notices", "weather", "station"])
    made.registry.breakers.clock = hands
    made.module = made.registry.modules["notices"]
    made.registry.modules["weather"].broken[0] = False
    return made


def row() -> HookHealth:
    return HookHealth.get(HookHealth.plugin == "notices", HookHealth.hook == "portal_cards.news")


def test_a_card_that_fails_is_asked_three_times_and_then_not_any_more(county, caplog):
    clerk = county.sign_in("cun")
    county.module.calls.clear()
    for _ in range(8):
        assert clerk.open("/").status == 200
        assert "卡片 weather" in clerk.text and "卡片 notices" not in clerk.text
    assert len(county.module.calls) == 3 - 1, "the first time was the page after signing in"
    said = [one for one in caplog.records if "left alone" in one.getMessage()]
    assert len(said) == 1


def test_it_comes_back_by_itself_when_it_works(county, hands):
    clerk = county.sign_in("cun")
    for _ in range(3):
        clerk.open("/")
    county.module.broken[0] = False
    hands.time += 299
    assert "卡片 notices" not in clerk.open("/").text
    hands.time += 1
    assert "卡片 notices" in clerk.open("/").text and "卡片 notices" in clerk.open("/").text
    assert row().open_until is None and row().freed_at


def test_a_card_that_hangs_costs_only_those_who_were_in_it(county, hands, start):
    made = start(source("hang"), ["notices", "station"])
    made.registry.breakers.clock = hands
    module = made.registry.modules["notices"]
    module.go_on.set()
    first, second = made.sign_in("cun"), made.sign_in("lincun")
    module.calls.clear()
    module.go_on.clear()
    hung = threading.Thread(target=first.open, args=("/",))
    hung.start()
    while not module.calls:
        hung.join(0.01)
    hands.time += LIMITS.slow + 1
    for _ in range(5):
        assert second.open("/").status == 200 and "卡片 notices" not in second.text
    hands.time += 27
    module.go_on.set()
    hung.join()
    assert first.status == 200 and len(module.calls) == 1
    assert second.open("/").status == 200 and len(module.calls) == 1, "now it is left alone"
    assert "30 秒" in row().error or "31 秒" in row().error


def test_administrators_are_told_once_and_without_what_the_error_says(county, hands):
    clerk = county.sign_in("cun")
    for _ in range(4):
        for _ in range(4):
            clerk.open("/")
        hands.time += 4000
    notices = list(Notice.select().where(Notice.topic == "health.paused"))
    assert [one.title for one in notices] == ["“平台 notices”的工作台卡片（news）暂停调用"]
    text = county.sign_in("xitong").open("/health/").text
    assert "ValueError，notices.py 第" in text
    for words in (notices[0].text, text, row().error):
        assert "13890112233" not in words and "张三" not in words


def test_the_administrator_sees_it_and_has_it_tried_again(county):
    clerk, admin = county.sign_in("cun"), county.sign_in("xitong")
    for _ in range(3):
        clerk.open("/")
    assert "暂停到" in admin.open("/health/").text and "插件需要处理" in admin.open("/").text
    county.module.broken[0] = False
    admin.submit(admin.open("/health/").form(["csrf_token"], f"/health/{row().id}/try-again"))
    assert admin.status == 200 and "下一次照常调用" in admin.text and "暂停到" not in admin.text
    assert "卡片 notices" in clerk.open("/").text
    entry = AuditEntry.select().where(AuditEntry.action == "health.try_again").get()
    assert entry.object_id == "notices" and entry.actor_name == "马骏"


def test_nobody_else_sees_the_page_or_has_anything_tried(county):
    clerk = county.sign_in("cun")
    for _ in range(3):
        clerk.open("/")
    for name in ("cun", "xian", "zhenguan", "anquan", "shenji"):
        browser = county.sign_in(name)
        assert browser.open("/health/").status == 403, name
        assert browser.post(f"/health/{row().id}/try-again").status == 403, name
    assert county.sign_in("xitong").post("/health/9999/try-again").status in (400, 404)
    assert row().open_until


def test_another_process_learns_of_the_trouble_and_of_the_wish_to_try_again(county, hands, start):
    """Two applications on one database are what two workers are."""
    clerk = county.sign_in("cun")
    for _ in range(3):
        clerk.open("/")
    other = start(source(), [])
    other.registry.breakers.clock = hands
    colleague = other.sign_in("lincun")
    module = other.registry.modules["notices"]
    module.calls.clear()
    for _ in range(3):
        colleague.open("/")
    assert len(module.calls) <= 1, "after its first failure it follows"
    module.broken[0] = False
    admin = county.sign_in("xitong")
    admin.submit(admin.open("/health/").form(["csrf_token"], f"/health/{row().id}/try-again"))
    hands.time += LOOK
    colleague.open("/")
    assert "卡片 notices" in colleague.open("/").text


def test_what_must_not_be_taken_for_a_no_goes_on_refusing_while_it_is_left_alone(start, hands):
    files = {"notices.py": plugin(head="calls = []", extra=hook(
        "portal_unit_obstacles", "calls.append(1)\n    raise ValueError", "unit"))}
    made = start(files, ["notices"])
    made.registry.breakers.clock = hands
    with made.app.app_context():
        for _ in range(6):
            with pytest.raises(Refused, match="说不清"):
                made.registry.collect("portal_unit_obstacles", or_refuse=True, unit=unit(VILLAGE))
        assert len(made.registry.modules["notices"].calls) == 3


def test_a_refusal_of_the_plugins_own_is_its_answer_and_no_failure(start):
    files = {"notices.py": plugin(extra=hook("portal_work", "raise Refused('先交账')", "post"))}
    made = start(files, ["notices"])
    with made.app.app_context():
        post = Post.select().order_by(Post.id).get()
        for _ in range(5):
            with pytest.raises(Refused, match="先交账"):
                made.registry.collect("portal_work", or_refuse=True, post=post)
        report_due(everything=True)
    assert not HookHealth.select().exists()


def test_a_sound_portal_asks_the_database_nothing_for_all_this(county):
    county.module.broken[0] = False
    clerk = county.sign_in("cun")
    clerk.open("/")
    with counted_queries() as asked:
        clerk.open("/")
    assert not [one for one in asked if "health_hook" in str(one)]
