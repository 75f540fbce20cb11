"""What hooks return and what rules raise: frozen values that can be listed, checked and tested without a server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

#: The version of the plugin contract; a plugin names the one it was written for.
API = 1


class Refused(Exception):
    """A rule forbids what was asked. `sentence` is Chinese and says what to do; `field` names the form field."""

    def __init__(self, sentence: str, field: str | None = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Deprecated(DeprecationWarning):
    """Something of the contract goes with a later version. The text is one Chinese sentence: what, when, and what to
    write instead."""


class Conflict(Exception):
    """Somebody else was faster: the row changed since the form was rendered. Answered with 409, the text kept."""

    def __init__(self, who: str = "", what: str = "", url: str = ""):
        super().__init__(f"{who}: {what}")
        self.who = who
        self.what = what
        self.url = url


@dataclass(frozen=True)
class Plugin:
    """What a plugin says of itself. `level` is "town" (enabled town by town), "county" or "core" (always there).

    `order` says where it stands among the platforms, in the menu and everywhere else; then comes the name. `api` is the
    version of the contract that it was written for, `depends` the slugs without which it is left out. `icon` is one of
    the portal's, `tint` teal, indigo, rust, green or purple; `summary` is what a town reads before it enables it.
    """

    slug: str
    title: str
    version: str = "1.0"
    api: int = API
    level: str = "town"
    depends: tuple[str, ...] = ()
    order: int = 100
    icon: str = "plug"
    tint: str = "teal"
    summary: str = ""


@dataclass(frozen=True)
class MenuItem:
    """One line of the side menu, below the plugin's title or the heading `group`.

    `counts` names the kind of case whose open matters at the person's unit are the quiet figure behind it ("*": all).
    `centre` marks where a new matter begins: phones put it into the middle of the tab bar, the workbench at its top.
    """

    order: int
    label: str
    endpoint: str
    permission: str
    icon: str = "list-details"
    group: str = ""
    counts: str = ""
    centre: bool = False


@dataclass(frozen=True)
class Permission:
    """A right that roles hold: `name` is "<slug>.<what>", `title` what a security administrator reads. `roles` names
    the roles that get it the first time that it is seen; afterwards a county decides."""

    name: str
    title: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A card on the workbench: `prepare(person)` gives what `template` places, None where there is nothing to show."""

    order: int
    name: str
    title: str
    template: str
    prepare: Callable[[Any], dict | None]
    permission: str


@dataclass(frozen=True)
class Finding:
    """What `portal check` found: one Chinese sentence; `serious` makes the command fail. `count`: for how many it
    stands, where it sums up what is not named one by one."""

    sentence: str
    serious: bool = True
    count: int = 1


@dataclass(frozen=True)
class Hit:
    """One search result: what it is called, where it leads (a path), a `note` below it and the word for its `kind`."""

    title: str
    url: str
    note: str = ""
    kind: str = ""
    icon: str = "file-text"


@dataclass(frozen=True)
class SearchProvider:
    """`find(person, words, limit)` returns a list of Hit, only of what that person may see, the best first.

    `name` is what the address of its own results is called. With `filters` it is called with a fourth argument, the
    `SearchFilters`; without, it is not asked while something is filtered.
    """

    order: int
    title: str
    permission: str
    find: Callable[..., Sequence[Hit]]
    name: str = ""
    filters: bool = False
    #: units(person) returns [(id, name)] of the units to which its results can be narrowed.
    units: Callable[[Any], list] | None = None

    @property
    def key(self) -> str:
        return self.name or f"p{self.order}"


@dataclass(frozen=True)
class SearchFilters:
    """What a search is narrowed to: a kind of case by its name, "open" or "closed", days, a unit by its id."""

    kind: str = ""
    state: str = ""
    since: Any = None
    until: Any = None
    unit: Any = None

    def __bool__(self):
        return bool(self.kind or self.state or self.since or self.until or self.unit)


@dataclass(frozen=True)
class Paper:
    """A statutory document, printed on A4 from the record: `prepare(case)` gives what `template` places.

    `kind` is the kind of case that it belongs to, "" for any.
    """

    name: str
    title: str
    kind: str
    template: str
    prepare: Callable[[Any], dict]
    permission: str
    shown: Callable[[Any], bool] = lambda case: True


@dataclass(frozen=True)
class Action:
    """An act that a plugin writes into the audit record (`audit.record(name, ...)`), and what readers see for it.

    `confidential`: that it was done may be told to whoever asks who saw a resident's data, but not what it was.
    """

    name: str
    title: str
    confidential: bool = False


@dataclass(frozen=True)
class Setting:
    """What a county may set for a plugin: `name` is "<plugin>.<what>"; `default` holds until somebody changes it.

    kind: "number" (between `least` and `most`), "text", "flag", or "unit": then `default` is a tuple of the last words
    of an office's name ("司法局"), the first that exists is meant, and where none does the county itself.

    `towns`: a town may set it for itself, otherwise the county's value holds there. Not for what a law says, what
    protects people, what binds units to each other, or how the county compares its towns. Whoever reads such a setting
    must say for which town, `setting(name, case)`: that is why it is not so by itself.
    """

    name: str
    title: str
    default: Any
    kind: str = "number"
    measure: str = ""
    note: str = ""
    least: int = 0
    most: int = 10_000
    towns: bool = False


@dataclass(frozen=True)
class Job:
    """Background work: `run()` is called inside the application, without anybody signed in, and may return one Chinese
    sentence that says what it did; it must be safe to run twice.

    Either `at` (daily, "HH:MM" in local time) or `every` (minutes). The name is "<slug>.<what>".
    """

    name: str
    title: str
    run: Callable[[], str | None]
    at: str = ""
    every: int = 0


@dataclass(frozen=True)
class Topic:
    """What notices are about ("cases.assigned"); `may_mute`: a person may turn it off."""

    name: str
    title: str
    may_mute: bool = True


@dataclass(frozen=True)
class Work:
    """Something open that hangs on a person's post: `name` is the plugin's own key of it, `title` what it is called.

    Titles are read by administrators too, so they name a number or a place and no resident.
    """

    name: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class OpenMatter:
    """One open matter that stands in the way of disabling a plugin. `title` and `url` are "" where the reader may not
    open it; `due` is a datetime or None, `light` what portal.calendar.light returned."""

    number: str
    title: str
    url: str
    state: str
    unit: str
    due: Any = None
    light: Any = None


@dataclass(frozen=True)
class Matters:
    """The open matters of a plugin that lie with a town: `count` of them, `rows` (OpenMatter) of one page, after which
    the page that begins at `following` comes (0: none).

    `takers` are the names of the units of the county that would take them over, `refusal` is the sentence that says
    why they cannot be handed over, `others` are sentences about what else must be settled first. `hidden` of them are
    seen by those only who are named on them, so that one of `keepers`, (user id, name), must be named for them.
    """

    count: int
    rows: tuple = ()
    following: int = 0
    takers: tuple = ()
    refusal: str = ""
    others: tuple = ()
    hidden: int = 0
    keepers: tuple = ()


@dataclass(frozen=True)
class OpenCount:
    """How many open matters of the plugin `slug` lie in the town `town_id`."""

    town_id: int
    slug: str
    count: int


@dataclass(frozen=True)
class Rearrangement:
    """A village or town that was moved to another town, merged into another unit, or split.

    `unit` is what was moved, absorbed or split, as it was before; `into` the new town, the successor, the new unit.
    The rows whose place column `column` holds one of `ids` get `place`; `was` is what stood in those columns.
    `heirs` {id of a unit that ends: the Unit that takes its place in everything}; `takers` {id of a unit that goes on:
    the Unit that takes over what it is responsible for on the ground that changes}. `chosen` are the names of the
    `UnitPart`s that go to the new unit of a split. `enable`: platforms that are needed there are enabled.
    """

    kind: str
    unit: Any
    into: Any
    column: str
    ids: frozenset[int]
    place: dict[str, int]
    was: dict[str, int]
    by: Any
    on: Any = None
    decree: str = ""
    heirs: dict[int, Any] = field(default_factory=dict)
    takers: dict[int, Any] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    enable: bool = False

    @property
    def said(self) -> str:
        """What happened, in words: 华光村划入石安镇."""
        verb = {"moved": "划入", "merged": "并入", "split": "划出"}[self.kind]
        return f"{self.unit.short}{verb}{self.into.short}"

    def chosen_ids(self, prefix: str) -> list[int]:
        """Return the ids of the chosen parts whose names begin with `prefix`: "posts:" of "posts:12"."""
        return sorted(int(name.removeprefix(prefix)) for name in self.chosen if name.startswith(prefix))


@dataclass(frozen=True)
class UnitEffect:
    """One line of what a rearrangement would do: `number` pieces of `title`. `stops` says why it cannot be done."""

    title: str
    number: int
    note: str = ""
    stops: str = ""


@dataclass(frozen=True)
class UnitPart:
    """Something that lies with a unit itself and may go to the new one when the unit is split: "posts:12"."""

    name: str
    title: str
    group: str


@dataclass(frozen=True)
class ResidentUse:
    """A reason for which what is known of a resident is kept: until the day `until`, None while it goes on."""

    title: str
    until: Any = None


@dataclass(frozen=True)
class ResidentSection:
    """A part of what is known of a resident: `rows` of texts below `columns`. Other people in it are masked."""

    title: str
    columns: tuple[str, ...]
    rows: Any
    note: str = ""


@dataclass(frozen=True)
class ResidentRecord:
    """Another object whose page shows a resident, by the names under which the audit record knows it ("case", 12)."""

    object_type: str
    object_id: int


@dataclass(frozen=True)
class Numbers:
    """The numbers of one series (`take_number`) that stand on a plugin's papers; `portal check` misses none of them."""

    prefix: str
    unit_id: int
    year: int
    numbers: frozenset[int]


@dataclass(frozen=True)
class Deadline:
    """A period: `amount` of "workday", "day", "month" or "hour"; `roll`: a last day on a holiday moves forward."""

    amount: int
    unit: str = "workday"
    roll: bool = True

    def __str__(self):
        return f"{self.amount} 个工作日" if self.unit == "workday" else f"{self.amount} {UNITS[self.unit]}"


UNITS = {"workday": "个工作日", "day": "日", "month": "个月", "hour": "小时"}

#: The same for every kind of case, so that desks, lights and figures need not know a plugin.
PHASES = {
    "new": "待受理", "accepted": "已受理", "handling": "办理中", "paused": "已停表",
    "answered": "已答复", "closed": "已办结", "cancelled": "已撤销",
}
OPEN_PHASES = ("new", "accepted", "handling", "paused", "answered")


@dataclass(frozen=True)
class State:
    """Where a case stands. `name` is kept in the case, so it is never renamed; `phase` is one of PHASES: new, accepted,
    handling, paused and answered are open, closed and cancelled are ends. `duty` says what is to be done now
    ("审核材料，作出决定"), `verb` the button (审核)."""

    name: str
    title: str
    phase: str
    duty: str = ""
    verb: str = "办理"


@dataclass(frozen=True)
class Step:
    """One way for a case to move. `to` is None where the step leaves the state as it is (a note, a reminder).

    clock: "" (leave it), "start", "pause", "resume" or "stop". `deadline(case)` gives the period where it starts,
    `guard(case, actor, data)` raises Refused, `hand(case, actor, data)` returns the unit that is responsible
    afterwards (None: unchanged), `effect(case, actor, data)` writes the plugin's own rows and may return a text for
    the timeline. `form` is the WTForms class that asks for exactly what this step needs, or None for a bare button;
    `choices(case)` gives the choices of its fields that depend on the case, None for a field that is not asked now.
    `data` is what the form holds, and under "at" the moment of the step.
    """

    name: str
    title: str
    sources: tuple[str, ...]
    to: str | None
    permission: str
    form: type | None = None
    choices: Callable[[Any], dict[str, list]] | None = None
    clock: str = ""
    deadline: Callable[[Any], Deadline | None] | None = None
    guard: Callable[[Any, Any, dict], None] | None = None
    hand: Callable[[Any, Any, dict], Any] | None = None
    effect: Callable[[Any, Any, dict], str | None] | None = None
    shown: Callable[[Any, Any], bool] | None = None
    primary: bool = False
    #: Who may take it: "holder" (the responsible unit) or "reach" (whoever's post reaches the case).
    by: str = "holder"
    #: The step records the answer to the citizen (promise 2).
    replies: bool = False
    #: The step sends the matter back because what was done does not do: it counts for the rate 发回重办率.
    redoes: bool = False
    tone: str = ""
    hint: str = ""
    #: The unit gives the case back because it is not the right one (退单). It is counted; after too many the unit that
    #: gets it may only take a step that `decides` who handles it (会商指定), and what was decided is not given back.
    returns: bool = False
    decides: bool = False


#: The state that the ledger itself gives to a matter of any kind that was merged into another one; a workflow may
#: declare a state of this name with words of its own.
MERGED = State("merged", "已并案", "closed", "由并入的件一并答复", "查看")
#: States that every workflow has, because the ledger itself brings a case there.
OF_THE_LEDGER = {"merged": MERGED, "voided": State("voided", "已作废", "cancelled", "登记错误，编号已作废")}


@dataclass(frozen=True)
class Workflow:
    """The states of a kind of case and the steps between them; a case begins in the state named `start`.

    Held against the rules at start: no open state without a way out, no step to a state that nobody declared.
    """

    states: tuple[State, ...]
    steps: tuple[Step, ...]
    start: str

    @cached_property
    def _states(self) -> dict[str, State]:
        return OF_THE_LEDGER | {state.name: state for state in self.states}

    @cached_property
    def _steps(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    def state(self, name: str) -> State:
        return self._states[name]

    def step(self, name: str) -> Step | None:
        return self._steps.get(name)


@dataclass(frozen=True)
class CaseKind:
    """A kind of matter that the ledger can hold: `name` is "<plugin>.<model>", `prefix` starts its numbers, `read` is
    the permission to see its cases. `channels` are the ways in which one comes in: pairs of name and title."""

    name: str
    title: str
    prefix: str
    workflow: Workflow
    read: str
    icon: str = "file-text"
    tint: str = "teal"
    #: What the case page shows: (label, value) pairs, and a block of its own from `template` filled by `prepare`.
    facts: Callable[[Any], list] | None = None
    template: str = ""
    prepare: Callable[[Any, Any], dict] | None = None
    #: The endpoint at which a new case of this kind begins, the permission that it asks for, and its verb (收件).
    create: str = ""
    create_permission: str = ""
    create_label: str = "新建登记"
    #: Who came or spoke up, as the case page calls them.
    applicant_label: str = "办事人"
    #: contents(case, person) tells whether the person may read what the matter is about; None: whoever sees the case.
    #: The others see that it exists, with whom it lies and how it stands, and the sentence `contents_note`.
    contents: Callable[[Any, Any], bool] | None = None
    contents_note: str = ""
    #: extension(case) gives the longest extension that the law knows for the period which now runs, in that period's
    #: unit, None where it knows none; `extension_law` says where it stands, `extension_note` why there is none.
    extension: Callable[[Any], Deadline | None] | None = None
    extension_law: str = ""
    extension_note: str = ""
    #: For which reasons (names of cases.reasons.REASONS) the clock may be stopped beside the steps, in which states.
    pauses: tuple[str, ...] = ()
    pauses_in: tuple[str, ...] = ()
    #: Name of the setting (kind "unit") of the county's unit that takes a matter in where its town lacks the plugin, or
    #: takes over what is open there when the town disables it; without one, only the department of the line does.
    in_charge: str = ""
    #: Cases of this kind may be visible to those named on them only (mediation, 举报), so counters say too much.
    restricted: bool = False
    #: words(case) returns what else a case is found by: the numbers of its papers, never what is personal or closed.
    words: Callable[[Any], str] | None = None
    #: apart(case, other) returns the sentence that says why two open matters cannot be one, and so cannot be merged.
    apart: Callable[[Any, Any], str | None] | None = None
    #: A unit that is handed a case signs for it (签收). False: the workflow has a state of its own for that.
    signs: bool = True
    #: The ledger offers to hand a case to another unit (转交). False: the workflow alone says who comes next.
    hands_over: bool = True
    #: Units that were asked to assist (协办) may read contents that are closed to others.
    assistants_read: bool = False
    channels: tuple[tuple[str, str], ...] = field(
        default=(("window", "窗口"), ("visit", "上门"), ("phone", "电话"), ("grid", "网格"), ("meeting", "恳谈会"))
    )
