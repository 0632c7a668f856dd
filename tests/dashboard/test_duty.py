"""What the duty page asks the API: the score of a shift, what is stale, what flaps."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.evidence_store import keep_evidence


def test_the_score_of_the_current_shift_has_targets_with_their_source(shared_desk):
    with shared_desk.client("viewer") as client:
        answer = client.get("/api/v1/alerts/score?shift=current")
    assert answer.status_code == 200
    found = answer.json()
    assert set(found["shift"]) == {"zh", "en"}
    known = {one["code"]: one for one in found["figures"]}
    assert (known["per_10_min"]["target"], known["per_10_min"]["most"]) == (1, 2)
    assert (known["flood_pct"]["target"], known["flood_pct"]["unconfirmed"]) == (1, True)
    assert all(one["source"] for one in found["figures"])
    assert found["priority_targets"] == {"low": 80, "medium": 15, "high": 5}
    assert sum(one["count"] for one in found["windows"]) == known["alerts"]["value"]


def test_the_score_of_a_month_counts_the_alerts_of_the_sample(shared_desk):
    with shared_desk.client("viewer") as client:
        found = client.get("/api/v1/alerts/score").json()
        earlier = client.get("/api/v1/alerts/score?shift=2").json()
    assert found["shift"] is None
    assert len(found["windows"]) in (4320, 4321)
    assert sum(found["grades"].values()) > 0
    assert found["top"][0]["label"]["en"]
    assert earlier["to"] < found["to"]
    assert earlier["until"] == earlier["to"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("shift=next", "current"),
        ("shift=current&from=2026-01-01T00:00:00Z", "not both"),
        ("from=2020-01-01T00:00:00Z", "at most 400"),
        ("from=2190-01-01T00:00:00Z&to=2190-02-01T00:00:00Z", "in the future"),
        ("from=yesterday", "not a time"),
    ],
)
def test_a_score_that_cannot_be_is_refused_with_what_would_be_right(shared_desk, query, said):
    with shared_desk.client("viewer") as client:
        answer = client.get(f"/api/v1/alerts/score?{query}")
    assert answer.status_code in (400, 422)
    assert said in answer.text


def test_what_is_open_for_more_than_a_day_comes_oldest_first_with_the_last_note(desk):
    def write(conn):
        with conn.cursor() as cursor:
            cursor.execute("select id from alert where ended_at is null order by id limit 2")
            (one,), (other,) = cursor.fetchall()
            now = datetime.now(UTC)
            for alert, days in ((one, 2), (other, 3)):
                at = now - timedelta(days=days)
                cursor.execute(
                    "update alert set began_at = %s, raised_at = %s where id = %s", (at, at, alert)
                )
            cursor.execute(
                "insert into alert_transition (alert_id, seq, kind, at, recorded_at, who, note,"
                " reason) values (%s, 90, 'acknowledged', now(), now(), 'li', '等备件', '{}')",
                (other,),
            )
            stale[:] = [other, one]

    stale: list[str] = []
    desk.write(write)
    with desk.client("viewer") as client:
        found = client.get("/api/v1/alerts/stale").json()
        least = client.get("/api/v1/alerts/stale?limit=1").json()
    assert [one["alert"]["id"] for one in found["alerts"]] == stale
    assert found["count"] == least["count"] == 2
    assert (found["alerts"][0]["note"], found["alerts"][0]["noted_by"]) == ("等备件", "li")
    assert len(least["alerts"]) == 1


def test_the_evidence_of_an_alert_is_answered_and_printed_in_both_languages(desk):
    desk.write(lambda conn: keep_evidence(conn, datetime.now(UTC) + timedelta(minutes=1)))
    with desk.client("viewer") as client:
        (alert,) = [
            one
            for one in client.get("/api/v1/alerts?state=open").json()["alerts"]
            if one["metric"] == "nh3_ppm"
        ]
        found = client.get(f"/api/v1/alerts/{alert['id']}/evidence").json()
        assert found["raised"]["intact"]
        assert found["raised"]["document"]["values"]["readings"]
        assert found["sealed"] is found["seals_at"] is None
        file = client.get(f"/api/v1/alerts/{alert['id']}/evidence?download=true")
        assert "attachment" in file.headers["content-disposition"]
        for lang, heading in (("zh", "触发时"), ("en", "When it was raised")):
            page = client.get(f"/evidence/{alert['id']}?lang={lang}")
            assert page.status_code == 200
            assert heading in page.text
            assert found["raised"]["sha256"] in page.text
            assert "<polyline" in page.text
        assert client.get("/evidence/none").status_code == 404
        assert client.get("/api/v1/alerts/none/evidence").status_code == 404


def test_groups_have_each_open_alert_once(shared_desk):
    with shared_desk.client("viewer") as client:
        groups = client.get("/api/v1/alerts/groups").json()["groups"]
        alerts = client.get("/api/v1/alerts?state=open").json()["alerts"]
    assert sorted(one for group in groups for one in group["alerts"]) == sorted(
        alert["id"] for alert in alerts
    )
    assert groups[0]["grade"] == "red"


def test_the_alerts_of_one_station_are_asked_for(shared_desk):
    with shared_desk.client("viewer") as client:
        found = client.get("/api/v1/alerts?state=open&station=G-31").json()["alerts"]
    assert {one["station"] for one in found} == {"G-31"}
