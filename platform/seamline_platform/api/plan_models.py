"""What the page is sent about plans: accepted, provisional and proposed, and what follows of them.

Times are epoch milliseconds UTC; costs are those of the shop objective (10 x weighted minutes of
lateness + minutes of set-up + a tax for each order on another line), whole numbers.
"""

from typing import Annotated, Literal

from pydantic import Field

from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh, WallMs

Order = Annotated[str, Field(min_length=1, max_length=64)]
PlanStatus = Literal[
    "accepted", "provisional", "proposal", "rejected", "superseded", "undone", "refused"
]


class PlannedOrder(Model):
    """One order in a plan: topic `plan_bars` (set by order id) for the accepted plan."""

    order: str
    site: str
    line: str
    start_ms: PlantMs = Field(description="start of the set-up, or of sewing if there is none")
    sew_ms: int = Field(description="first stitch, epoch ms")
    end_ms: int = Field(description="last stitch, epoch ms")
    setup_min: int = Field(description="working minutes of set-up before the first stitch")
    kit_ms: int = Field(description="when its cut kit is at the line, epoch ms")
    due_ms: int = Field(description="when sewing has to be over for the goods to be in time")
    late_min: int = Field(description="minutes that it is late by this plan; 0 = in time")
    p50_ms: int | None = Field(description="last stitch, median of the simulated runs")
    p90_ms: int | None = Field(description="last stitch, in nine of ten simulated runs before this")
    style: str
    colour: str
    pieces: int = Field(description="pieces that are still to be sewn")
    weight: int = Field(description="priority, 1 ordinary to 10 rush")
    state: str = Field(description="state of the order, as in OrderRow")
    frozen: bool = Field(description="queued next or being sewn: no plan moves it")
    locked: bool = Field(description="a person has locked it to its place")


class PlanFigures(Model):
    """What a plan costs, and its parts; `cost` is what the parts sum to."""

    cost: int
    tardiness: int = Field(description="cost of lateness")
    setup: int = Field(description="cost of set-ups")
    move: int = Field(description="tax for orders on another line than planned before")
    energy: int = Field(description="cost of electricity and carbon dioxide, if they count")
    late: int = Field(description="orders that are late")
    orders: int = Field(description="orders in the plan")
    p50: float | None = Field(description="median cost of the simulated runs")
    p90: float | None = Field(description="cost that nine of ten simulated runs stay below")


class PlanVersion(Model):
    """One plan: what made it, what it costs. `version` counts all plans of a run."""

    version: int
    status: PlanStatus
    trigger: str = Field(description="start, breakdown, rush_order, refused, orders, person, ..")
    station: str = Field(description="site/line/station concerned, or empty")
    order: str = Field(description="order concerned, or empty")
    reason: Text
    reason_zh: TextZh
    by: Literal["policy", "person", "hub"] = Field(description="who gave it its status")
    plant_ms: PlantMs
    wall_ms: WallMs
    latency_ms: int = Field(description="wall ms from hearing of the reason to publishing it")
    figures: PlanFigures
    moved: int = Field(description="orders on another line than in the accepted plan before")


class PlanChange(Model):
    """One line of the difference between the accepted plan and the other one."""

    order: str
    kind: Literal["moved", "earlier", "later", "new", "gone"]
    from_line: str = Field(description="site/line before; empty for new")
    to_line: str = Field(description="site/line after; empty for gone")
    before_ms: int | None = Field(description="last stitch before, epoch ms")
    after_ms: int | None = Field(description="last stitch after, epoch ms")
    shift_min: int = Field(description="minutes later; negative: earlier")
    late_before_min: int
    late_after_min: int


class PlanSolver(Model):
    """The solver's process: whether it works, and why not."""

    state: Literal["starting", "idle", "working", "failed"]
    reason: Text
    reason_zh: TextZh
    pid: int = Field(description="process id; 0 = none runs")
    restarts: int
    improvements: int = Field(description="better plans found for the present question")
    cost: int | None = Field(description="best cost found for the present question")
    cpu_s: float = Field(description="CPU seconds spent on the present question")
    budget_s: float = Field(description="CPU seconds that it may spend")
    method: str = Field(description="how it searches: annealing, or annealing and CP-SAT")


class PlanPolicy(Model):
    """When a better plan is accepted without a person."""

    accept: Literal["auto", "ask"]
    text: Text
    text_zh: TextZh


class PlanBoard(Model):
    """Topic `board` (put): where planning stands."""

    now_ms: PlantMs
    accepted: PlanVersion | None
    provisional: PlanVersion | None = Field(description="what stands until a better one is found")
    proposal: PlanVersion | None = Field(description="waits for a person, or for the policy")
    difference: list[PlanChange] = Field(
        description="proposal, or else provisional plan, against the accepted one"
    )
    followed: bool = Field(description="commands follow the accepted plan; false = the rules alone")
    locked: list[str] = Field(description="orders that a person has locked")
    can_undo: bool
    unplanned: dict[str, str] = Field(description="orders without a place, and why")
    solver: PlanSolver
    policy: PlanPolicy
    history: list[PlanVersion] = Field(description="newest first, at most 30")


class PlanProposal(Model):
    """Topic `plan_proposal` (put): bars of the proposal, or else of the provisional plan."""

    version: int = Field(description="0 = there is neither")
    status: Literal["provisional", "proposal", "none"]
    bars: list[PlannedOrder]


class PlanView(Model):
    """GET /api/plan/board: the board with the bars of both plans."""

    board: PlanBoard
    accepted: list[PlannedOrder]
    proposal: PlanProposal


class PlanAccept(Model):
    """Accept or reject a proposal or a provisional plan by its number."""

    version: int = Field(ge=1)


class PlanEdit(Model):
    """One change by hand of the accepted plan (of the proposal, if there is one)."""

    kind: Literal["move", "swap", "lock", "unlock"]
    order: Order
    line: str = Field(default="", max_length=129, description="move: site/line")
    position: int = Field(default=0, ge=0, le=10_000, description="move: 0 = first of the line")
    other: str = Field(default="", max_length=64, description="swap: the order to change with")


class PlanEdited(Model):
    """What an edit led to: a new proposal, or the reason why it cannot be."""

    ok: bool
    reason: Text
    reason_zh: TextZh
    cost_before: int
    cost_after: int | None
    version: int = Field(description="the proposal that holds the edit; 0 if there is none")


class PlanPolicyChange(Model):
    """Let the policy accept, or ask a person each time."""

    accept: Literal["auto", "ask"]


class PlanSentence(Model):
    """One sentence of an explanation."""

    topic: Literal["where", "when", "earlier", "displaced", "late"]
    text: Text
    text_zh: TextZh


class LatenessPart(Model):
    """Minutes of an order's lateness that one cause brings; the parts sum to the lateness."""

    cause: Literal["capacity", "setup", "material", "breakdown", "cutting", "finishing", "due"] = (
        Field(description="due = no plan could avoid it")
    )
    minutes: int
    text: Text
    text_zh: TextZh


class PlanActual(Model):
    """Planned against actual finish of one order."""

    order: str
    site: str
    line: str
    style: str
    version: int = Field(description="plan that was in force when sewing began")
    planned_start_ms: PlantMs
    actual_start_ms: PlantMs
    planned_end_ms: PlantMs
    actual_end_ms: int = Field(description="last stitch, epoch ms; 0 = it is still being sewn")
    error_min: int = Field(description="minutes later than planned; negative: earlier")
    p50_ms: int | None
    p90_ms: int | None


class PlanOrder(Model):
    """GET /api/plan/order/{order}: why its place is as it is."""

    order: str
    planned: PlannedOrder | None = Field(description="null if it is in no plan")
    unplanned: str = Field(description="why it has no place; empty if it has one")
    explanation: list[PlanSentence]
    lateness: list[LatenessPart]
    promised_ms: int = Field(description="promised delivery, epoch ms; 0 = none")
    delivery_p50_ms: int | None = Field(description="arrival of the goods, median")
    delivery_p90_ms: int | None = Field(description="arrival of the goods, nine of ten before this")
    actual: PlanActual | None


class PlanCandidate(Model):
    """One plan that was run forward in the twin, under the same luck as the others."""

    name: str = Field(description="provisional | improved | ..")
    cost: int = Field(description="by the plan itself, without chance")
    mean: float = Field(description="mean cost of the runs")
    p50: float
    p90: float
    late_p50: float = Field(description="late orders, median")
    better_by: float = Field(description="mean paired difference to the chosen plan")
    low: float = Field(description="its 95 % interval")
    high: float


class PlanPrediction(Model):
    """What the twin foretold when it chose, and what came of it."""

    version: int
    plant_ms: PlantMs
    trigger: str
    chosen: str
    runs: int
    candidates: list[PlanCandidate]
    predicted: int = Field(description="orders whose finish was foretold")
    realised: int = Field(description="of these, sewn by now")
    mean_error_min: float | None = Field(description="mean of actual minus foretold median")
    covered_p90: float | None = Field(description="share that was sewn before the foretold P90")


class LineError(Model):
    """How far off the plan is on one line, and what follows for its processing times."""

    line: str = Field(description="site/line")
    orders: int = Field(description="finished orders that were counted")
    mean_error_min: float
    efficiency: float = Field(description="line efficiency that plans use now")


class PlanPredictions(Model):
    """GET /api/plan/predictions: predictions, newest first, and planned against actual."""

    predictions: list[PlanPrediction]
    actuals: list[PlanActual] = Field(description="newest first, at most 200")
    lines: list[LineError]
