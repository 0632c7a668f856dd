"""Who lies in a zone that somebody gives."""

import pytest

from tests.dashboard.test_api import problem

EXPOSURE = "/api/v1/exposure"
AROUND_P_07 = [[121.88, 29.9], [121.9, 29.9], [121.9, 29.92], [121.88, 29.92], [121.88, 29.9]]


def ask(client, kind="Polygon", coordinates=None):
    geometry = {"type": kind, "coordinates": coordinates}
    return client.post(EXPOSURE, json={"geometry": geometry})


def test_a_flood_zone_has_its_plants_and_says_what_is_not_known(shared_desk):
    with shared_desk.client("viewer") as client:
        found = ask(client, coordinates=[AROUND_P_07]).raise_for_status().json()["exposure"]
        twice = ask(client, "MultiPolygon", [[AROUND_P_07]]).raise_for_status().json()["exposure"]
    assert twice == found
    assert [each["code"] for each in found["plants"]["list"]] == ["P-07"]
    assert found["area_m2"] == pytest.approx(1930 * 2217, rel=0.01)
    assert (found["people"], found["facilities"], found["roads"]) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "coordinates", "says"),
    [
        ("Point", [121.9, 29.9], "Polygon or MultiPolygon"),
        ("Polygon", None, "no area"),
        ("Polygon", [[[121.9, 29.9]]], "make no polygon"),
        ("Polygon", [["a", "b", "c", "a"]], "make no polygon"),
        ("Polygon", [[[0, 0], [1, 1], [2, 2], [0, 0]]], "no area"),
        ("Polygon", [[[29.9, 121.9], [29.8, 121.9], [29.8, 121.8], [29.9, 121.9]]], "degrees"),
        ("Polygon", [[[0, 0], [9, 0], [9, 9], [0, 0]]], "wider than 2 degrees"),
        ("Polygon", [], "no area"),
    ],
)
def test_a_zone_that_is_none_is_refused_with_what_would_be_right(
    shared_desk, kind, coordinates, says
):
    with shared_desk.client("viewer") as client:
        answer = ask(client, kind, coordinates)
    assert says in problem(answer, 422)
    assert answer.json()["errors"][0]["where"] == "body.geometry"


@pytest.mark.parametrize("number", ["NaN", "1e999", "9" * 400, "-" + "9" * 400])
@pytest.mark.parametrize("place", range(6))
def test_a_number_that_is_none_is_refused_wherever_it_stands(shared_desk, number, place):
    ring = ["121.88", "29.9", "121.9", "29.9", "121.9", "29.92"]
    ring[place] = number
    points = ",".join(f"[{x},{y}]" for x, y in zip(ring[::2], ring[1::2], strict=True))
    first = points.partition("],")[0] + "]"
    body = f'{{"geometry":{{"type":"Polygon","coordinates":[[{points},{first}]]}}}}'
    with shared_desk.client("viewer") as client:
        answer = client.post(EXPOSURE, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 422)
