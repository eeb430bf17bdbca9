"""The planner: one maker's decisions from what it has seen, within its abilities.

Every maker decides with the same rules; they differ in what they see, how soon, and how far a
decision reaches. `morning` is asked every day at 07:00, `shift_start` when the shift has begun,
`evening` when it has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season import floor
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.contract import Knobs
from seamline_platform.experiments.season.demandbook import DemandBook
from seamline_platform.experiments.season.material import GREIGE, ClothBook, ClothTerms
from seamline_platform.experiments.season.moves import markdowns, transfers
from seamline_platform.experiments.season.pipeline import DAY_MS, Pipeline
from seamline_platform.experiments.season.plan import SeasonPlan
from seamline_platform.experiments.season.release import Desk
from seamline_platform.experiments.season.replenish import Need, Replenisher, Terms
from seamline_platform.experiments.season.sight import Sight
from seamline_platform.experiments.season.work import LineBook, LineState, homes

ROAD_DAYS = 1
"""Packing and the road to the region, rounded up."""
_JOIN_AHEAD, _JOIN_DAYS, _LEAVE_DAYS = 14, 16.0, 3.0
"""A reserve line is called when what is due within so many days takes so many, and let go when it
takes no more than so few."""
_GREIGE_DAYS = 30
"""Days of use that a warehouse that dyes by itself keeps undyed."""
_MAINTAIN_PER_LINE = 2


@dataclass(frozen=True, slots=True)
class Maker:
    """What is fixed about a maker: plan, lines, terms of its suppliers, first guesses."""

    plan: SeasonPlan
    catalogue: Catalogue
    start_ms: int
    reserve: tuple[str, ...]
    """Lines that have not joined."""
    cloth: ClothTerms
    efficiency_permille: int
    """What lines are planned with before they have reported."""
    signal_cv: float
    """Error of pre-launch signals."""
    favourites_per_piece: float
    """Favourites per piece wanted in the first four weeks, as shops know from earlier launches."""
    kept_part: float
    """Part of what is sold that does not come back to be sold again."""


def home_lines(maker: Maker) -> dict[str, str]:
    """Return the home line of every style, by expected work."""
    work = {s.style: s.prior_pieces * s.smv_ms for s in maker.plan.styles}
    return homes(maker.catalogue, work, maker.reserve)


@dataclass(slots=True)
class Planner:
    """A maker at work. Its memory outlives a change of abilities."""

    maker: Maker
    able: Abilities
    knobs: Knobs
    homes: Mapping[str, str]
    book: DemandBook = field(init=False)
    lines: LineBook = field(init=False)
    cloth: ClothBook = field(init=False)
    goods: Pipeline = field(init=False)
    desk: Desk = field(init=False)
    watch: floor.WearWatch = field(default_factory=floor.WearWatch)
    _rule: Replenisher = field(init=False)
    _next_plan: int = 0
    _called: set[str] = field(default_factory=set)
    _marked: dict[str, int] = field(default_factory=dict)
    _weighed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        maker = self.maker
        self.book = DemandBook(maker.plan)
        self.lines = LineBook(
            maker.catalogue, maker.reserve, maker.efficiency_permille, self.knobs.capacity_permille
        )
        self.cloth = ClothBook(maker.cloth)
        self.goods = Pipeline(maker.plan, maker.start_ms)
        self.desk = Desk(maker.catalogue, self.lines, self.cloth, self.goods, self.homes)
        self._rule = Replenisher(maker.plan, self.knobs)

    def set_abilities(self, able: Abilities) -> None:
        """Go on with other abilities; the next plan is made at once."""
        self.able = able
        self._next_plan = 0

    def morning(self, sight: Sight) -> list[Command]:
        """Return what to do today."""
        day = (sight.now_ms - self.maker.start_ms) // DAY_MS
        self._read(sight, day)
        self.cloth.start_day()
        commands: list[Command] = []
        if day >= self._next_plan:
            self._next_plan = day + self.able.pace_days
            commands += self._plan(sight, day)
        return commands

    def shift_start(self, sight: Sight) -> list[Command]:
        """Return what a closed loop does when it sees who came."""
        if not (self.able.closed_loop and self.able.floor_events):
            return []
        cluster = self.able.move_stock
        moves = floor.redirects(self.lines, sight, self.homes, self.able.scope, cluster)
        return floor.rebalance(sight) + moves + floor.sequences(self.lines, sight)

    def evening(self, sight: Sight) -> list[Command]:
        """Return the maintenance of tonight."""
        if not (self.able.closed_loop and self.able.floor_events):
            return []
        self.watch.learn(sight)
        return floor.maintain(self.watch, sight, _MAINTAIN_PER_LINE)

    def told(self, command: Command, done: bool) -> None:
        """Hear whether a command was carried out or refused."""
        if command.name in ("order_cloth", "dye_cloth"):
            (self.cloth.accepted if done else self.cloth.refused)(command)
        elif command.name == "join" and done:
            self.lines.lines[command.node].joined = True
        elif command.name == "leave" and done:
            self.lines.lines[command.node].joined = False
            self._called.discard(command.node)

    def _read(self, sight: Sight, day: int) -> None:
        self._weigh_signals(sight, day)
        self.book.learn(sight.sales, sight.shipments, sight.seen_to)
        self.lines.learn(sight.reports)
        self.lines.settle(sight.states)
        self.goods.count(sight)
        for order in sight.sellers:
            self.desk.take_seller(order, (order.due_ms - self.maker.start_ms) // DAY_MS, day)
        for told in (sight.sales, sight.shipments, sight.reports, sight.sellers):
            told.clear()

    def _weigh_signals(self, sight: Sight, day: int) -> None:
        """On the day of a launch, read from its favourites how large the life will be."""
        plan = self.maker.plan
        for i, style in enumerate(plan.styles):
            favourites = sight.signals.get(style.style)
            if favourites and style.launch <= day and style.style not in self._weighed:
                self._weighed.add(style.style)
                month = max(float(plan.curve[i, min(style.launch + 28, plan.days)]), 0.05)
                pieces = favourites / self.maker.favourites_per_piece / month
                self.book.signal(style.style, pieces * self.maker.kept_part, self.maker.signal_cv)

    def _plan(self, sight: Sight, day: int) -> list[Command]:
        able, desk = self.able, self.desk
        desk.assign_sellers(able, day)
        for need in self._needs(sight, day):
            self._decide(sight, need, day)
        commands = desk.order_cloth(sight, able, day)
        if GREIGE in able.cloth_forms:
            commands += self._keep_greige(sight, day)
        commands += desk.release(sight, able, day, self.book)
        commands += self._crew_lines(day)
        if able.move_stock:
            commands += transfers(self.maker.plan, self.book, self.goods, day)
        commands += markdowns(
            self.maker.plan, self.book, self.goods, day, self.knobs.markdown_days, self._marked
        )
        return commands

    def _needs(self, sight: Sight, day: int) -> list[Need]:
        rule, able = self._rule, self.able
        early = {i: self._lead(sight, i, True) for i in rule.waiting(day)}
        needs = rule.first_buys(self.book, day, early)
        position = self.goods.position(self.book, day)
        needs += rule.reorders(
            self.book, day, able.pace_days, position,
            lambda i: Terms(self._lead(sight, i, False), able.moq_pieces),
        )  # fmt: skip
        return needs

    def _lead(self, sight: Sight, i: int, first: bool) -> int:
        """Return days until a lot decided on today can be sold."""
        style = self.maker.plan.styles[i]
        line = self.desk.best_line(style.style, 0, self.able)
        wait = self.lines.wait_days(line, style.style)
        cloth = self.desk.cloth_days(sight, style.style, line, self.able)
        work = 2 + self.able.pace_days // 2
        if first:
            if GREIGE not in self.able.cloth_forms:
                # mill cloth is cheaper and has no limit: a first buy leaves time for it
                cloth = max(cloth, self.cloth.terms.days["roll"])
            work += self.able.sample_days + self.able.pace_days
        return int(max(wait, cloth)) + work + ROAD_DAYS

    def _decide(self, sight: Sight, need: Need, day: int) -> None:
        style = self.maker.plan.styles[need.style]
        pieces = float(need.pieces.sum())
        line = self.desk.best_line(style.style, round(pieces * style.smv_ms), self.able)
        lead = self._lead(sight, need.style, False)
        lead += round(pieces * style.smv_ms / self.lines.day_ms(line))
        position = float(self.goods.position(self.book, day)[need.style].sum())
        useful = self._rule.useful(self.book, day, need, position, day + lead)
        self.desk.decide(need, style, line, useful, self.able, day)

    def _keep_greige(self, sight: Sight, day: int) -> list[Command]:
        mean, _ = self.book.between(day + 7, day + 7 + _GREIGE_DAYS)
        use: dict[tuple[str, str], float] = {}
        for i, style in enumerate(self.maker.plan.styles):
            record = self.maker.catalogue.styles[style.style]
            region = self.lines.lines[self.homes[style.style]].info.region
            key = (region, record.fabric)
            use[key] = use.get(key, 0.0) + float(mean[i].sum()) * record.fabric_cm
        commands = []
        for (region, fabric), length in use.items():
            commands += self.cloth.keep_greige(sight, region, fabric, round(length))
        return commands

    def _crew_lines(self, day: int) -> list[Command]:
        """Call a reserve line when work piles up; let it go when it does not."""
        due, scope = day + _JOIN_AHEAD, self.able.scope
        for line in self.lines.lines.values():
            away = not line.joined and line.node not in self._called
            if away and self.lines.load_days(due, line, scope) > _JOIN_DAYS:
                self._called.add(line.node)
                return [Command(line.node, "join", {})]
        return [
            Command(line.node, "leave", {})
            for line in self.lines.lines.values()
            if self._may_leave(line) and self.lines.load_days(due, line, scope) < _LEAVE_DAYS
        ]

    def _may_leave(self, line: LineState) -> bool:
        extra = line.node in self.maker.reserve
        return extra and line.joined and not line.released and not line.held
