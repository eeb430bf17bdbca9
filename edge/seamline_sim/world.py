"""The world: one door in (`command`), one way out (`take_outbox`), time that only runs forward."""

import heapq
import marshal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import View
from seamline_sim import (
    calendar,
    cloth,
    commands,
    crew,
    cuttingroom,
    finishing,
    line,
    membership,
    observe,
    repair,
    rng,
    sewing,
    shop,
    snapshot,
    token_run,
    tokens,
    view,
    warehouse,
)
from seamline_sim.commands import CommandOutcome
from seamline_sim.core import DAY_US, MINUTE_US, NEUTRAL_KINDS, Core, Handler, Resolution
from seamline_sim.demand import make_market
from seamline_sim.layout import plan_of
from seamline_sim.market import Frame, FrameRow, Market
from seamline_sim.observe import LineSample, PlantMeters, StationHealth, StationSample
from seamline_sim.refusal import Refusal
from seamline_sim.scenario import Scenario, parse_scenario
from seamline_sim.state import Line, PlantState, Station, Warehouse

_HANDLERS: Mapping[str, Handler] = {
    "finish": sewing.finish,
    "stop": repair.stop,
    "answered": repair.answered,
    "up": repair.up,
    "setup_done": line.setup_done,
    "gathered": line.gathered,
    "seated": crew.seated,
    "finished": finishing.finished,
    "shift": line.shift,
    "day": calendar.day,
    "hour": calendar.hour,
    "place": calendar.place,
    "burst": calendar.burst,
    "cut_due": cuttingroom.cut_due,
    "cut_done": cuttingroom.cut_done,
    "kit_due": cuttingroom.kit_due,
    "arrive": warehouse.arrive,
    "received": cuttingroom.received,
    "dyed": cuttingroom.dyed,
    "cloth_in": cuttingroom.cloth_in,
    "packed": warehouse.packed,
    "delivered": warehouse.delivered,
    "stock_arrived": shop.stock_arrived,
}
_IDS_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class StationInfo:
    """What is fixed about a station: its id, and the machine and name that it starts with."""

    id: str
    machine: str
    name: str


class World(Core):
    """A garment maker and its market. Make one with `create`, `restore` or `fork`."""

    @classmethod
    def create(
        cls,
        scenario: Scenario,
        seed: int,
        demand: Iterable[FrameRow] | None = None,
        resolution: Resolution = "piece",
        market: Market | None = None,
    ) -> "World":
        """Return a world at its first instant.

        `demand` is a long frame of (unique_id, day, pieces) that replaces the consumers' market
        (see `seamline_sim.demand`). `resolution` is `piece`, or `bundle` for seasons: up to 20
        garments go through a line as one token, no events tell of single garments, stops and
        sales, and consumers buy four times a day. `market` is a ready market that several worlds
        of one seed share, so that its days are drawn once; it may have been made for a scenario
        with other plants.

        Raises:
            ConfigError: if the demand frame has a row that is not allowed.
            ValueError: if the resolution is unknown, or if `market` does not fit the scenario
                and seed, or a frame comes with it.
        """
        if resolution not in ("piece", "bundle"):
            raise ValueError(f"Resolution {resolution!r} is unknown; allowed: piece, bundle.")
        if market is None:
            market = make_market(scenario, seed, demand)
        elif demand is not None or not market.fits(scenario, seed):
            raise ValueError(
                f"A market of seed {market.seed}, made for {market.scenario.name!r}, does not fit "
                f"{scenario.name!r} with seed {seed}; it needs the same seed, regions, sellers, "
                "start and market figures, and its demand frame is its own."
            )
        world = cls(scenario, seed, market, resolution)
        _build(world)
        calendar.start(world)
        return world

    def step_until(self, t_us: int) -> None:
        """Run all events up to and including `t_us`.

        Raises:
            ValueError: if `t_us` lies in the past.
        """
        if t_us < self.now_us:
            raise ValueError(f"The world is at {self.now_us} us; it cannot go back to {t_us} us.")
        by_token = [here for here in self.lines if here.token_pieces]
        if by_token:
            self._step_with_tokens(t_us, by_token)
        heap, pop, handlers = self.heap, heapq.heappop, _HANDLERS
        done = 0
        while heap[0][0] <= t_us:
            self.now_us, _, _, kind, args = pop(heap)
            handlers[kind](self, *args)
            done += 1
        self.events_done += done
        self.now_us = t_us

    def _step_with_tokens(self, t_us: int, by_token: list[Line]) -> None:
        """Let lines with tokens run by themselves between the events of the world."""
        heap, shown, first = self.heap, len(self.outbox), self.seq
        while True:
            until = min(self.gate_us(), t_us)
            for here in by_token:
                if here.heap and here.open and token_run.due_us(here) <= until:
                    token_run.advance(self, here, until)
                    until = min(self.gate_us(), until)
            if heap[0][0] > t_us:
                break
            gate = False
            while heap[0][0] <= until and not gate:
                self.now_us, _, _, kind, args = heapq.heappop(heap)
                gate = not self.bundles or kind not in NEUTRAL_KINDS
                if gate and self.bundles:
                    heapq.heappop(self.gates)
                _HANDLERS[kind](self, *args)
                self.events_done += 1
        if len(self.outbox) > shown:
            # lines tell in turns: put what they told into the order of time
            told = sorted(self.outbox[shown:], key=lambda raw: (raw[1], raw[2]))
            self.outbox[shown:] = [(first + 1 + i, *raw[1:]) for i, raw in enumerate(told)]

    def command(self, node: str, name: str, args: Mapping[str, Any], id: str) -> CommandOutcome:  # noqa: A002
        """Carry out a command now, at most once per id. Refused commands change nothing.

        `args` have passed `seamline_broker.contracts.commands.check_args`.
        """
        if id in self.ids:
            return CommandOutcome("seen", self.ids[id])
        try:
            reason = commands.execute(self, node, name, args)
        except Refusal as refusal:
            return CommandOutcome("refused", str(refusal))
        self.ids[id] = reason
        if len(self.ids) > _IDS_KEPT:
            del self.ids[next(iter(self.ids))]
        return CommandOutcome("done", reason)

    def take_outbox(self) -> list[Event]:
        """Return the events since the last call, in order of `seq`, and forget them."""
        events = [Event._make(raw) for raw in self.outbox]
        self.outbox.clear()
        return events

    def snapshot(self) -> bytes:
        """Return everything that the world is, as bytes."""
        return snapshot.dumps(self, self._origin())

    @classmethod
    def restore(cls, data: bytes) -> "World":
        """Return the world of a snapshot.

        Raises:
            ConfigError: if `data` is not a snapshot that this version reads.
        """
        extra, state, outbox = snapshot.loads(data)
        document, seed, rows, market_document, resolution = extra
        scenario = parse_scenario(document, "snapshot")
        market_scenario = scenario
        if market_document != document:
            market_scenario = parse_scenario(market_document, "snapshot")
        frame: Frame | None = None
        if rows is not None:
            series, last, period = rows
            frame = Frame({key: dict(days) for key, days in series}, last, period)
        market = Market(market_scenario, seed, frame)
        return cls._with_state(scenario, seed, market, resolution, state, outbox)

    def fork(self) -> "World":
        """Return a copy that lives on its own; both go on identically until commands differ."""
        state = marshal.loads(marshal.dumps(snapshot.pack(self), 2))
        return self._with_state(
            self.scenario, self.seed, self.market, self.resolution, state, list(self.outbox)
        )

    @classmethod
    def _with_state(
        cls,
        scenario: Scenario,
        seed: int,
        market: Market,
        resolution: Resolution,
        state: tuple[Any, ...],
        outbox: list[Any],
    ) -> "World":
        world = cls(scenario, seed, market, resolution)
        snapshot.unpack(world, state)
        world.outbox = outbox
        return world

    def _origin(self) -> tuple[Any, ...]:
        frame = self.market.frame
        rows = None
        if frame is not None:
            series = [(key, list(days.items())) for key, days in frame.series.items()]
            rows = (series, frame.last, frame.period)
        return (
            self.scenario.document, self.seed, rows, self.market.scenario.document, self.resolution
        )  # fmt: skip

    def digest(self) -> str:
        """Return the sha-256 of the whole state; equal worlds have equal digests."""
        return snapshot.digest(self)

    def view(self) -> View:
        """Return what a reader of all events (and giver of all promises) knows now."""
        return view.build(self)

    def stations(self, line_node: str) -> list[StationInfo]:
        """Return the stations of a line, with the machines that they have now."""
        return [
            StationInfo(st.id, st.machine, f"{line_node} {st.id}")
            for st in self.line_of[line_node].stations
        ]

    def observe(self, line_node: str) -> list[StationSample]:
        """Return what the sensors of each station of a line could see now."""
        here = self.line_of[line_node]
        return [observe.sample_station(self, here, st) for st in here.stations]

    def observe_line(self, line_node: str) -> LineSample:
        """Return what the meters of a line could see now."""
        return observe.sample_line(self, self.line_of[line_node])

    def health(self, line_node: str) -> list[StationHealth]:
        """Return the truth about the machines of a line, for scorers alone."""
        return observe.health(self, self.line_of[line_node])

    def meters(self) -> PlantMeters:
        """Return the running totals of the plants."""
        return observe.meters(self)

    def any_shift_open(self) -> bool:
        """Return whether any line works now (breaks count as closed)."""
        return any(here.open for here in self.lines)

    def next_shift_start_us(self) -> int:
        """Return when the next shift starts after now."""
        shift = self.scenario.shift
        day = self.now_us // DAY_US
        while True:
            start = day * DAY_US + shift.start_min * MINUTE_US
            if start > self.now_us and calendar.is_workday(self, day):
                return start
            day += 1


def _build(w: World) -> None:
    cloth.check_terms(w.scenario)
    scenario = w.scenario
    shift = scenario.shift
    day_ms = 60_000 * (shift.end_min - shift.start_min - shift.lunch_end_min + shift.lunch_min)
    first = plan_of("tshirt", scenario.plants[0].stations).bulletin
    for number, plant in enumerate(scenario.plants):
        team = PlantState(plant.id, plant.region, plant.mechanics, plant.mechanics)
        team.finishers = plant.finishers
        w.plants.append(team)
        for n in range(1, plant.lines + 1):
            by_hand = plant.transport == "bundle"
            plan = plan_of(first, plant.stations, by_hand)
            made = Line(
                index=len(w.lines),
                node=f"{plant.id}/line-{n}",
                site=plant.id,
                id=f"line-{n}",
                region=plant.region,
                plant=number,
                stations=[],
                plan=plan,
                limit=0,
                day_ms=day_ms,
                by_hand=by_hand,
            )
            made.count = len(w.lines) + 1 << 40
            if by_hand:
                made.token_pieces = plant.bundle_pieces
                made.handling_ms = w.fig("line.bundle_handling_s") * 1000
            elif w.bundles:
                made.token_pieces = tokens.TOKEN_PIECES
            for i, machine in enumerate(plan.machines):
                st = Station(f"st-{i + 1:02d}", i, machine)
                repair.put_machine(w, made, st)
                made.stations.append(st)
            made.free = [0] * plant.stations if made.token_pieces else []
            line.set_limit(w, made)
            w.lines.append(made)
            w.line_of[made.node] = made
            if n > plant.joined:
                made.joined = made.active = False
                membership.tell(w, made, "left")
    for region in scenario.regions:
        w.warehouses[region.id] = _warehouse(w, region.id, region.cutting_tables)
    for house in w.warehouses.values():
        for sku, on_hand in house.stock.items():
            w.emit(house.node, "stock", sku, on_hand, "opening")
        for kind in house.cloth.values():
            cloth.tell_cloth(w, house, kind, "opening")
        if w.market.frame is None:
            shop.open_returns(w, house)


def _warehouse(w: World, region: str, tables: int) -> Warehouse:
    capacity = sum(p.joined * p.stations for p in w.scenario.plants)
    here = sum(p.joined * p.stations for p in w.scenario.plants if p.region == region)
    use: dict[tuple[str, str], int] = {}
    for (fabric, colour), per_day in sorted(w.market.use_per_day().items()):
        use[fabric, colour] = max(per_day * here // capacity, 1)
    house = Warehouse(region, f"{region}/warehouse", tables, tables, {})
    for (fabric, colour), per_day in use.items():
        on_hand = max(per_day * w.fig("warehouse.cover_days"), 100_000 if here else 0)
        house.cloth[f"{fabric}/{colour}"] = cloth.new_cloth(
            w, region, fabric, colour, on_hand, per_day
        )
    for fabric in sorted({fabric for fabric, _ in use}):
        per_day = sum(n for key, n in use.items() if key[0] == fabric)
        on_hand = per_day * w.fig("supply.greige_days")
        made = cloth.new_cloth(w, region, fabric, cloth.GREIGE, on_hand, per_day)
        house.cloth[f"{fabric}/{cloth.GREIGE}"] = made
    house.received_cm["opening"] = sum(c.on_hand for c in house.cloth.values())
    house.stock = _opening_stock(w, region)
    return house


def _opening_stock(w: World, region: str) -> dict[str, int]:
    days = w.scenario.figure_list("warehouse.opening_days")
    stock = {}
    for style in w.catalogue.styles.values():
        means = w.market.sku_means_milli(region, style.style)
        sold = w.market.sold_at_start(style.style)
        for sku in style.skus():
            # as if the last lot had come some time ago, a different time for each style and colour
            age = rng.u32(w.seed, "opening", f"{region}|{sku.rpartition('-')[0]}")
            here = days[0] * 1000 + rng.below(age, (days[1] - days[0]) * 1000)
            stock[sku] = max(2, (means[sku] * here + 999_999) // 1_000_000) if sold else 0
    return stock
