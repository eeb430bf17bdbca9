"""Plants chosen over all orders at once: what one order alone would take, another needs more."""

from collections.abc import Callable

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.network.plants import PlantDispatch
from seamline_platform.planning.params import DispatchParams

MONDAY_8 = 1_772_438_400_000
DAY = 86_400_000


def test_every_free_order_gets_a_plant(
    make_view: Callable[..., View], make_order: Callable[..., OrderView]
) -> None:
    orders = [make_order(f"o{i}", region=r) for i, r in enumerate(("east", "south", "west"))]
    bound = make_order("bound", state="queued", site="chengdu", line="line-1")
    chosen = PlantDispatch(lambda: 0.0)(make_view([*orders, bound]), DispatchParams(), MONDAY_8)
    # fen a piece: 5 min x 85 + 45 for the way + 60 for a day of waiting = 530 in chengdu, against
    # 5 x 115 + 10 = 585 in suzhou and 5 x 110 + 10 = 560 in dongguan
    assert chosen == {"o0": "chengdu", "o1": "chengdu", "o2": "chengdu"}
    hurried = DispatchParams(wait_fen_per_piece_day=200)
    chosen = PlantDispatch(lambda: 0.0)(make_view([*orders, bound]), hurried, MONDAY_8)
    assert chosen == {"o0": "suzhou", "o1": "dongguan", "o2": "chengdu"}


def test_a_scarce_plant_is_left_to_the_order_that_needs_it_most(
    make_view: Callable[..., View],
    make_order: Callable[..., OrderView],
    make_catalogue: Callable[..., Catalogue],
) -> None:
    # one line each; 2,600 pieces x 5 min at .52 are 417 of 200 h a day: two days of the west
    catalogue = make_catalogue({"chengdu": ("west", 85), "suzhou": ("east", 86)}, lines=1)
    params = DispatchParams()
    near = make_order("near", region="west", sizes={"S": 1_200}, due_ms=MONDAY_8 + DAY, weight=4)
    other = make_order("other", region="west", sizes={"S": 1_200}, due_ms=MONDAY_8 + 4 * DAY)
    view = make_view([other, near], catalogue=catalogue)
    chosen = PlantDispatch(lambda: 0.0)(view, params, MONDAY_8)
    assert chosen["near"] == "chengdu"
    assert chosen["other"] in ("chengdu", "suzhou")


def test_the_policy_prefers_the_chosen_plant_unless_another_is_clearly_better(
    make_view: Callable[..., View], make_order: Callable[..., OrderView]
) -> None:
    view = make_view([make_order("o1")])

    def site(chosen: str, pull: float) -> str:
        params = DispatchParams(other_plant_fen_per_piece=pull)
        policy = DispatchPolicy(params=params, plants=lambda *_: {"o1": chosen})
        policy.decide(view, MONDAY_8)
        (decision,) = {d.site for d in policy.plan.decisions if d.order == "o1"}
        return decision

    for name in ("hangzhou", "suzhou", "dongguan", "chengdu"):
        assert site(name, 1_000) == name
    assert len({site(name, 0) for name in ("hangzhou", "suzhou", "dongguan", "chengdu")}) == 1
