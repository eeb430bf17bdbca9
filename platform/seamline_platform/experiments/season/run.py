"""One season under one policy: world, lens, planner, actuator and ledger put together."""

import gc
import time
from dataclasses import dataclass

from seamline_broker.contracts.commands import check_args
from seamline_broker.errors import ConfigError
from seamline_platform.experiments.season import ledger, meters
from seamline_platform.experiments.season.abilities import Abilities, of_policy
from seamline_platform.experiments.season.actuator import Actuator
from seamline_platform.experiments.season.contract import (
    Accounts,
    Knobs,
    Links,
    Outcome,
    Practices,
    Setting,
)
from seamline_platform.experiments.season.exogenous import exogenous_digest
from seamline_platform.experiments.season.lens import DAY_MS, Lens
from seamline_platform.experiments.season.material import ClothTerms
from seamline_platform.experiments.season.planner import Maker, Planner, home_lines
from seamline_platform.experiments.season.score import Scorer
from seamline_platform.experiments.season.seasonplan import season_plan
from seamline_platform.experiments.season.sensing import vibration_um_s
from seamline_platform.experiments.season.setting import scenario_of
from seamline_platform.experiments.season.sight import Sample
from seamline_platform.experiments.season.surge import STREAM_MIN, Hit, surge
from seamline_sim.core import DAY_US, MINUTE_US
from seamline_sim.market import Market
from seamline_sim.scenario import Scenario
from seamline_sim.world import World

MORNING_US = 7 * 60 * MINUTE_US
_AFTER_MIN = 5
"""Minutes after the start and the end of a shift at which a closed loop looks."""


@dataclass(frozen=True, slots=True)
class ExogenousLayer:
    """What no policy can change: the market of a seed, drawn once, and its digest."""

    setting: Setting
    seed: int
    market: Market
    hits: tuple[Hit, ...]
    digest: str


def make_market(setting: Setting, seed: int) -> ExogenousLayer:
    """Return the exogenous layer of a seed, to be shared by all policies."""
    scenario = scenario_of(setting)
    market = Market(scenario, seed, keep_days=True)
    hits = tuple(surge(scenario, market, seed, setting.days))
    digest = exogenous_digest(scenario, market, hits, seed, setting.days)
    return ExogenousLayer(setting, seed, market, hits, digest)


def maker_of(scenario: Scenario, market: Market, seed: int, days: int, world: World) -> Maker:
    """Return what is fixed about the maker of a scenario."""
    fig = scenario.figure

    def most(name: str) -> int:
        return max(scenario.figure_list(f"supply.{name}_lead_days"))

    return Maker(
        plan=season_plan(scenario, market, seed, days),
        catalogue=world.catalogue,
        start_ms=scenario.start_ms,
        reserve=tuple(line.node for line in world.lines if not line.joined),
        cloth=ClothTerms(
            {name: most(name) for name in ("roll", "quick", "greige", "dye")},
            {name: fig(f"supply.{name}_min_cm") for name in ("roll", "quick", "greige", "dye")},
        ),
        efficiency_permille=fig("links.planned_permille"),
        signal_cv=fig("collection.signal_noise_permille") / 1000,
        favourites_per_piece=fig("collection.favourites_permille") / 1000,
        kept_part=1 - market.consumers.net_returns_permille() / 1000,
    )


class SeasonRun:
    """A season that can be advanced day by day; its links may change on the way."""

    def __init__(
        self,
        setting: Setting,
        policy: Links | Practices,
        knobs: Knobs,
        layer: ExogenousLayer,
    ) -> None:
        self._setting, self._seed = setting, layer.seed
        self.able = self._abilities(scenario_of(setting), policy)
        scenario = scenario_of(setting, progressive=not self.able.hangers)
        self.scenario = scenario
        self.world = World.create(scenario, layer.seed, resolution="bundle", market=layer.market)
        self.maker = maker_of(scenario, layer.market, layer.seed, setting.days, self.world)
        self._cost = _section(scenario, "costs")
        self._homes = home_lines(self.maker)
        self.planner = Planner(self.maker, self.able, knobs, self._homes)
        self.lens = Lens(
            scenario.start_ms, layer.seed, scenario.figure("links.report_target_permille")
        )
        lines = {f"{i.site}/{i.line}": i for i in self.world.catalogue.lines}
        self.actuator = Actuator(lines, self._homes, frozenset(self.maker.reserve))
        self.warmup = min(scenario.figure("links.warmup_days"), setting.days // 3)
        self.score = Scorer(scenario.start_ms, self.warmup)
        self.line_days = meters.LineDays()
        self.begin = meters.read(self.world, self.maker.plan, 0, self.line_days)
        self.day = 0
        self._given = 0
        self._hits: dict[int, list[Hit]] = {}
        for hit in layer.hits:
            self._hits.setdefault(hit.day, []).append(hit)
        self._shift_sums: dict[str, tuple[int, int, int]] = {}

    @staticmethod
    def _abilities(scenario: Scenario, policy: Links | Practices) -> Abilities:
        return of_policy(
            policy,
            scenario.figure("links.join_elastic_h"),
            scenario.figure("links.join_contract_h"),
        )

    def set_links(self, links: Links | Practices) -> None:
        """Go on with other links; lens, planner and what is on its way keep their memory.

        What a line is built like (hangers or bundles) stays as it is.
        """
        self.able = self._abilities(self.scenario, links)
        self.planner.set_abilities(self.able)

    def advance_day(self) -> None:
        """Live through one day, midnight to midnight."""
        base = self.day * DAY_US
        shift = self.scenario.shift
        self._step(base + MORNING_US)
        self._give("morning")
        self._step(base + (shift.start_min + _AFTER_MIN) * MINUTE_US)
        self._give("shift_start")
        self._step(base + (shift.end_min + _AFTER_MIN) * MINUTE_US)
        self._report_lines()
        if self.able.floor_events:
            self._sample()
        self._give("evening")
        self._surge()
        self._step(base + DAY_US)
        self._close_day()

    def _step(self, t_us: int) -> None:
        self.world.step_until(t_us)
        events = self.world.take_outbox()
        self.score.take(events)
        self.lens.take(events, self.able)

    def _give(self, moment: str) -> None:
        now_ms = self.world.now_ms
        sight = self.lens.look(now_ms)
        before = self.planner.desk.ordered
        commands = getattr(self.planner, moment)(sight)
        self.score.ordered[self.day] = (
            self.score.ordered.get(self.day, 0) + self.planner.desk.ordered - before
        )
        self.actuator.give(commands, self.able, now_ms)
        for command in self.actuator.due(now_ms):
            self._given += 1
            args = check_args(command.name, command.args)
            outcome = self.world.command(command.node, command.name, args, f"c{self._given}")
            done = outcome.status == "done"
            self.planner.told(command, done)
            if done and command.name == "kit":
                decided = self.planner.desk.decided.get(command.order, self.day)
                self.score.decided_ms[command.order] = self.scenario.start_ms + decided * DAY_MS
            elif done and command.name == "join":
                self.line_days.joins += 1
            elif done and command.name == "transfer_stock":
                self.line_days.moved += int(str(command.args["qty"]))

    def _surge(self) -> None:
        """Let tonight's livestreams happen: the market's doing, not the policy's."""
        for n, hit in enumerate(self._hits.get(self.day, ())):
            args = {
                "region": hit.region, "style": hit.style, "minutes": STREAM_MIN,
                "factor": hit.factor_permille / 1000,
            }  # fmt: skip
            self.world.command("field/field", "burst", args, f"s{self.day}-{n}")

    def _report_lines(self) -> None:
        """Let every line say what it made today: its counters, or its foreman's sheet."""
        for line in self.world.lines:
            now = (line.sewn, line.smv_done_ms, line.planned_ms)
            old = self._shift_sums.get(line.node, (0, 0, 0))
            self._shift_sums[line.node] = now
            pieces, earned, manned = (a - b for a, b in zip(now, old, strict=True))
            if manned:
                permille = earned * 1000 // manned
                self.lens.report(line.node, self.day, pieces, permille, self.able)

    def _sample(self) -> None:
        """Let the sensors of all joined lines show what they see."""
        for line in self.world.lines:
            if not line.joined:
                continue
            for shown in self.world.observe(line.node):
                name = f"{line.node}/{shown.id}"
                wear = round(shown.wear * 1_000_000)
                vibration = vibration_um_s(self._seed, name, self.day, wear)
                self.lens.sight.samples[name] = Sample(shown.running_ms, 0, vibration)

    def _close_day(self) -> None:
        self.line_days.midnight(self.world)
        self.day += 1
        now = meters.read(self.world, self.maker.plan, self.day, self.line_days)
        if self.day <= self.warmup:
            self.begin = now
        value = now.stock_live_fen + now.stock_dead_fen + now.wip_fen
        value += now.cloth_cm * self._cost["roll_fen_per_m"] // 100
        self.score.midnight(self.day - 1, now.stock_live + now.stock_dead, value, now.wanted)
        self.now = now

    def result(self) -> tuple[dict[str, float], Accounts]:
        """Return KPIs and accounts from the end of the warm-up until now."""
        styles = self.world.catalogue.styles
        categories = {name: style.bulletin for name, style in styles.items()}
        prices: dict[str, list[int]] = {}
        for style in styles.values():
            prices.setdefault(style.bulletin, []).append(style.price_fen)
        base = {name: sum(p) / len(p) / 100 for name, p in prices.items()}
        flow = self.score.flow(self.world.now_ms, categories)
        kpis = ledger.kpis(self.begin, self.now, flow, self.able, self._cost)
        books = ledger.accounts(self.begin, self.now, flow, self.able, self._cost, base)
        return kpis, books


def _section(scenario: Scenario, name: str) -> dict[str, int]:
    start = f"{name}."
    return {
        key.removeprefix(start): value
        for key, value in scenario.figures.items()
        if key.startswith(start)
    }


def run_one(
    setting: Setting,
    policy: Links | Practices,
    knobs: Knobs,
    seed: int,
    market: ExogenousLayer | None = None,
) -> Outcome:
    """Return what one policy makes of one season.

    `market` is the exogenous layer of the seed (see `make_market`); it is made if it is not given.

    Raises:
        ConfigError: if the setting names something that is not there, or `market` is of another
            setting or seed.
    """
    layer = market or make_market(setting, seed)
    if (layer.seed, layer.setting) != (seed, setting):
        raise ConfigError(
            f"The exogenous layer is of seed {layer.seed}, {layer.setting}; expected seed {seed}, "
            f"{setting}."
        )
    began = time.process_time()
    collect = gc.isenabled()
    gc.disable()
    try:
        run = SeasonRun(setting, policy, knobs, layer)
        while run.day < setting.days:
            run.advance_day()
        kpis, books = run.result()
        digest = run.world.digest()
    finally:
        if collect:
            gc.enable()
    return Outcome(kpis, books, layer.digest, digest, time.process_time() - began)
