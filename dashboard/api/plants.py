"""Chemical plants: what they hold, what hazard that is, and what people enter of their tanks."""

from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter
from starlette.responses import Response

from dashboard.api import plant_models as models
from dashboard.api.common import Use, Write, Writing, in_the_past, json_answer, refused
from dashboard.idempotency import Outcome
from dashboard.plants import Json, plant_json, substance_json
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.pool import Connection
from sensors.chemicals import store
from sensors.chemicals.inventory import Entry, design_t, hazard_of
from sensors.chemicals.substances import SUBSTANCES

router = APIRouter(prefix="/api/v1", tags=["plants"])
# By so much what a tank really holds may exceed volume times a handbook's density.
HANDBOOK_MARGIN = Decimal("1.25")


@router.get("/substances", responses={200: {"model": models.SubstanceList}})
def list_substances() -> Response:
    """What is known of each: limits in ppm with their evidence; `confirmed` says what is not."""
    return json_answer({"substances": [substance_json(each) for each in SUBSTANCES.values()]})


@router.get("/plants", responses={200: {"model": models.PlantList}})
def list_plants(use: Use) -> Response:
    """Every plant with its hazard by design and now, and what each tank holds."""
    now = use.live.now()
    with use.pool.transaction() as conn:
        return json_answer({"generated_at": iso(now), "plants": _plants(conn, None, now)})


@router.get("/plants/{code}", responses={200: {"model": models.Plant}})
def show_plant(use: Use, code: str) -> Response:
    with use.pool.transaction() as conn:
        found = _plants(conn, code, use.live.now())
    if not found:
        raise Problem(404, f"there is no plant {code!r}")
    return json_answer(found[0])


@router.post(
    "/plants/{code}/tanks/{tank}/entries",
    status_code=201,
    responses={201: {"model": models.Plant}},
)
def enter(write: Writing, code: str, tank: str, body: models.TankEntry) -> Response:
    """Say what a tank holds: a new fact with your name; a current level sensor goes before it."""
    now = write.use.live.now()
    at = now if body.at is None else in_the_past(body.at, "at", now)
    said = Entry(tank, body.quantity_t, at, now, write.who.name, body.note or None)
    asked = f"enter {code} {tank} {body.model_dump_json()}"
    return write.once(asked, lambda conn: _enter(conn, write, code, said))


def _enter(conn: Connection, write: Write, code: str, said: Entry) -> Outcome:
    known = store.plants(conn, code)
    tank = next((t for each in known for t in each.plant.tanks if t.code == said.tank), None)
    if tank is None:
        return Outcome(404, Problem(404, f"there is no tank {said.tank!r} at {code!r}").body())
    most = design_t(tank)
    if most is not None and said.quantity_t > most * (1 if tank.density_tm3 else HANDBOOK_MARGIN):
        sentence = f"{said.quantity_t:g} t is more than {tank.code} is designed for: {most:.6g} t"
        raise refused("quantity_t", "over_full", sentence)
    store.add_entry(conn, code, said)
    detail = {"quantity_t": said.quantity_t, "as_of": iso(said.at), "note": said.note}
    write.audit(conn, "entered", f"{code} {tank.code}", **detail)
    return Outcome(201, _plants(conn, code, said.entered_at)[0])


def _plants(conn: Connection, code: str | None, now: datetime) -> list[Json]:
    registered = store.plants(conn, code)
    plants = [each.plant for each in registered]
    levels, entries = store.levels(conn, plants), store.entries(conn, plants)
    return [
        plant_json(each, hazard_of(each.plant, levels, entries[each.plant.code], now), now)
        for each in registered
    ]
