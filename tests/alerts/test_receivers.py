"""Real far ends: a mail server, an HTTP receiver that fails, hangs, or answers without receipt."""

import json
import logging
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from alerts.outbox import route
from alerts.receiver_settings import ReceiverSettings
from alerts.receivers import FarEnd
from alerts.sender import Sender, send_next
from alerts.sending.by_apprise import UnknownService, service
from alerts.sending.directory import Contact
from alerts.sending.queue import next_parcel
from alerts.sending.secrets import NoAddress, address, masked, without_secrets
from alerts.sending.senders import BadReceivers, Senders, far_ends, personal_end
from alerts.sending.trials import signal
from alerts.settings import AlertsSettings, ClockSettings
from database.pool import connect
from tests.alerts.far_end import DrippingEnd, HangingEnd
from tests.alerts.telling import due_now, mail_server, messages, over, run

FAST = ClockSettings(retry_first_s=0.001, retry_most_s=0.002, attempts=4)
SOON_S = 1.0  # however busy the machine, the far end has said its first words by then


@pytest.fixture
def mail():
    with mail_server() as (box, url):
        yield box, url


def by_mail(url, **changes):
    settings = ReceiverSettings(name="mail", type="apprise", url_env="MAIL", **changes)
    return FarEnd.of(settings, url)


def sent(conn, end):
    due_now(conn)
    return send_next(conn, end, FAST)


def test_a_mail_server_gets_both_languages_once(put_step, ingest, mail):
    box, url = mail
    put_step("A1")
    end = by_mail(url)
    route(ingest, [end.settings])
    assert sent(ingest, end)
    assert not sent(ingest, end)
    (letter,) = box.letters
    assert letter["to"] == "duty@example.com"
    assert letter["subject"] == (
        "【橙色】触发：超汛限 R-01 站 / ORANGE raised: Above flood limit, Station R-01"
    )
    assert "水位 23.86 m 高于汛限 23.50 m" in box.text()
    assert "Level 23.86 m above flood limit 23.50 m" in box.text()
    assert messages(ingest)[0][3:] == (1, True, False, None)


def test_a_mail_that_is_refused_is_tried_again_and_its_address_is_never_shown(
    put_step, ingest, mail, caplog
):
    box, url = mail
    put_step("A1")
    end = by_mail(url.replace("duty@", "zhang.san@"))
    box.refuse.append("451 try again later")
    route(ingest, [end.settings])
    assert sent(ingest, end)
    error = messages(ingest)[0][6]
    assert error.startswith("mailto://***: ")
    assert "451" in error
    ours = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("alerts"))
    assert "mailto://***" in ours
    assert not logging.getLogger("apprise").propagate
    for said in (error, ours):
        assert "zhang.san" not in said
        assert "example.com" not in said
    assert sent(ingest, end)
    assert len(box.letters) == 1


def test_a_mail_server_that_hangs_is_left_after_its_time(put_step, ingest):
    hanging = HangingEnd()
    port = hanging.url.rpartition(":")[2].partition("/")[0]
    end = by_mail(f"mailto://127.0.0.1:{port}/?from=a@b.cn&to=c@d.cn", timeout_s=1.5)
    put_step("A1")
    route(ingest, [end.settings])
    try:
        assert sent(ingest, end)
    finally:
        hanging.close()
    assert messages(ingest)[0][3:6] == (1, False, False)
    assert "timed out" in messages(ingest)[0][6]


class _Answering:
    """An HTTP receiver that answers with this body."""

    def __init__(self, body):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                text = body(self.headers["Idempotency-Key"]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=verysecret"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.mark.parametrize(
    ("body", "done"),
    [
        (lambda key: json.dumps({"receipt": key}), True),
        (lambda key: json.dumps({"receipt": key + "0"}), False),
        (lambda key: "<html>signed in?</html>", False),
        (lambda key: "[]", False),
    ],
)
def test_with_a_receipt_only_its_own_key_is_delivery(put_step, ingest, body, done):
    put_step("A1")
    with _Answering(body) as there:
        settings = ReceiverSettings(name="hook", type="webhook", url=there.url, receipt=True)
        route(ingest, [settings])
        assert sent(ingest, FarEnd.of(settings))
    ((*_, delivered, _, error),) = messages(ingest)
    assert delivered == done
    assert (error is None) == done
    assert "verysecret" not in str(error)


def test_what_a_receiver_does_not_take_the_fallback_is_told_once(put_step, ingest, webhook):
    number = put_step("A1")
    dead = ReceiverSettings(
        name="dead", type="webhook", url="http://127.0.0.1:1/", fallback_after=2
    )
    hook = ReceiverSettings(name="hook", type="webhook", url=webhook.url, min_grade="red")
    end = FarEnd(dead, dead.url, ("hook",), "dead")
    route(ingest, [dead, hook])
    over(ingest)
    for _ in range(FAST.attempts):
        assert sent(ingest, end)
    assert [row[1:3] for row in messages(ingest)] == [("dead", "route"), ("hook", "fallback")]
    assert sent(ingest, FarEnd(hook, hook.url, ("dead",), "hook"))
    (request,) = webhook.wait_for(1)
    document = json.loads(request.body)
    assert document["transition"] == number
    assert document["text"]["zh"].startswith("【dead 未送达，转发】【橙色】触发")
    assert document["text"]["en"].startswith("[in place of dead] ORANGE raised")
    assert messages(ingest)[0][3:6] == (FAST.attempts, False, True)


def test_two_receivers_that_both_fail_do_not_toss_it_to_and_fro(put_step, ingest):
    put_step("A1")
    one, two = (
        ReceiverSettings(name=name, type="webhook", url="http://127.0.0.1:1/") for name in "ab"
    )
    ends = [FarEnd(one, one.url, ("b",), "a"), FarEnd(two, two.url, ("a",), "b")]
    route(ingest, [one])
    over(ingest)
    for _ in range(FAST.attempts):
        for end in ends:
            sent(ingest, end)
    for end in ends:
        while sent(ingest, end):
            pass
    found = [(row[1], row[2], row[5]) for row in messages(ingest)]
    assert found == [("a", "route", True), ("b", "fallback", True)]


def test_every_address_that_cannot_be_had_is_named_at_the_start(tmp_path: Path):
    (tmp_path / "empty").write_text("\n")
    settings = AlertsSettings.model_validate(
        {
            "receivers": [
                {"name": "a", "type": "apprise", "url_env": "NOT_THERE"},
                {"name": "b", "type": "apprise", "url_file": "nowhere"},
                {"name": "c", "type": "webhook", "url_file": "empty"},
                {"name": "d", "type": "apprise", "url_env": "ODD"},
                {"name": "e", "type": "apprise", "url_env": "MAIL"},
            ]
        }
    )
    environ = {"ODD": "nosuch://secret1234", "MAIL": "mailto://user:pass@example.com"}
    with pytest.raises(BadReceivers) as caught:
        far_ends(settings, tmp_path, environ)
    lines = str(caught.value).splitlines()
    assert [line.split()[1][0] for line in lines] == ["a", "b", "c", "d"]
    assert "set it to the URL" in lines[0]
    assert "cannot be read" in lines[1]
    assert "is empty" in lines[2]
    assert "nosuch://***" in lines[3]
    assert "secret1234" not in str(caught.value)


def test_an_address_is_read_from_a_file_beside_the_configuration(tmp_path: Path):
    (tmp_path / "wecom").write_text("wecombot://KEY\n")
    settings = ReceiverSettings(name="w", type="apprise", url_file="wecom")
    assert address(settings, tmp_path, {}) == "wecombot://KEY"
    with pytest.raises(NoAddress, match="other"):
        address(ReceiverSettings(name="w", type="apprise", url_file="other"), tmp_path, {})


@pytest.mark.parametrize(
    "url",
    [
        "mailto://zhang:pass%40word@smtp.example.com?to=13800138000@example.com",
        "wecombot://a1b2c3d4-e5f6",
        "dingtalk://SECRET123@token4567890/13800138000",
        "https://user:hunter22@gateway.example.com/send?key=abcd1234",
    ],
)
def test_nothing_of_an_address_is_left_in_a_text(url):
    said = without_secrets(f"could not send to {url}: pass@word {url.partition('://')[2]}", url)
    for part in (
        "zhang",
        "pass@word",
        "13800138000",
        "a1b2c3d4",
        "SECRET123",
        "hunter22",
        "abcd1234",
    ):
        assert part not in said or part not in url
    assert "hunter22" not in masked(url)
    assert masked(url).endswith("***")


@pytest.mark.parametrize(
    "url",
    [
        "mailto://user:password@smtp.example.com?to=duty@example.com",
        "wecombot://a1b2c3d4e5f6",
        "dingtalk://token1234567890",
        "feishu://token1234567890",
    ],
)
def test_the_services_of_the_manual_are_understood(url):
    assert service(url)


@pytest.mark.parametrize("url", ["mailto://[SECRET", "https://[SECRET/x", "SECRET", "[:SECRET"])
def test_what_is_no_address_at_all_is_refused_without_showing_it(url):
    assert "SECRET" not in masked(url)
    assert without_secrets("it failed", url) == "it failed"
    with pytest.raises(UnknownService) as found:
        service(url)
    assert "SECRET" not in str(found.value)


def test_an_address_that_nothing_understands_is_refused_without_showing_it():
    with pytest.raises(UnknownService) as caught:
        service("nosuch://hidden-key")
    assert "hidden-key" not in str(caught.value)


def test_a_person_is_told_by_their_own_way_and_what_fails_goes_to_the_fallback(
    put_step, ingest, owner, mail
):
    box, url = mail
    run(
        owner,
        "insert into contact (who, label, url, masked, language, min_grade, made_by)"
        " values ('zhang', 'mail', %s, 'mailto://***', 'zh', 'blue', 'admin')",
        url,
    )
    contact = Contact("zhang", "mail", url, "zh", "blue", None)
    end = personal_end(contact, AlertsSettings())
    put_step("A1")
    routes = AlertsSettings.model_validate({"routes": [{"name": "all", "to": ["person:zhang"]}]})
    assert route(ingest, routes.receivers, routes=routes.routes) == 1
    assert messages(ingest)[0][1] == "@zhang/mail"
    assert sent(ingest, end)
    assert box.letters[0]["subject"] == "【橙色】触发：超汛限 R-01 站"
    assert end.fallback == ("log",)


def test_a_defect_in_a_sender_shows_nothing_of_the_address(put_step, ingest, caplog):
    put_step("A1")
    end = by_mail("mailto://zhang:hunter22@smtp.example.com")
    route(ingest, [end.settings])
    due_now(ingest)

    def broken(end, parcel):
        raise ValueError(f"cannot read {end.url} as hunter22")

    with caplog.at_level(logging.DEBUG, "alerts"):
        assert send_next(ingest, end, FAST, broken)
    error = messages(ingest)[0][6]
    assert error.startswith("a defect of ours: ValueError: cannot read mailto://***")
    assert "test_receivers.py" in caplog.text
    for said in (error, caplog.text):
        assert "hunter22" not in said
        assert "zhang" not in said


def test_a_message_that_is_being_sent_to_who_is_gone_holds_nobody_up(
    put_step, ingest, database, tmp_path
):
    put_step("A1")
    put_step("A2")
    gone = ReceiverSettings(name="gone", type="log")
    route(ingest, [gone])
    ingest.commit()
    senders = Senders(AlertsSettings(), tmp_path, partial(connect, database), threading.Event())
    sender = connect(database, "ingest", application="sender")
    try:
        assert next_parcel(sender, "gone") is not None
        run(ingest, "set lock_timeout = '5s'")
        senders.refresh(ingest)
        ingest.commit()
        assert sorted(row[1:6:4] for row in messages(ingest)) == [
            ("gone", False),
            ("gone", True),
            ("log", False),
        ]
        sender.rollback()
        senders.refresh(ingest)
        ingest.commit()
        assert [row[5] for row in messages(ingest) if row[1] == "gone"] == [True, True]
    finally:
        sender.close()


def test_all_senders_together_are_waited_for_no_longer_than_one(database, tmp_path, monkeypatch):
    waited: list[float] = []

    def hang(_, timeout):
        waited.append(timeout)
        time.sleep(timeout)

    monkeypatch.setattr(Sender, "join", hang)
    many = tuple(ReceiverSettings(name=f"log{number}", type="log") for number in range(20))
    settings = AlertsSettings(receivers=many)
    Senders(settings, tmp_path, partial(connect, database), threading.Event()).join(0.2)
    assert len(waited) == 20
    assert sum(waited) < 0.3


@pytest.mark.parametrize("head", [b"X-Long: ", b"Content-Length: 99999\r\n\r\n"])
def test_a_far_end_that_never_ends_its_answer_is_cut_off(put_step, ingest, head):
    """Each byte is in time: httpx by itself would wait for days, and so would all that is next."""
    put_step("A1")
    far = DrippingEnd(b"HTTP/1.1 200 OK\r\n" + head)
    settings = ReceiverSettings(
        name="hook", type="webhook", url=far.url, timeout_s=SOON_S, receipt=True
    )
    route(ingest, [settings])
    try:
        assert sent(ingest, FarEnd.of(settings))
    finally:
        far.close()
    ((*_, error),) = messages(ingest)
    assert error.endswith("did not end its answer within 3 s")


def test_a_service_of_apprise_that_never_ends_its_answer_is_given_up(put_step, ingest):
    put_step("A1")
    far = DrippingEnd(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    settings = ReceiverSettings(
        name="robot", type="apprise", url_env="ROBOT", timeout_s=SOON_S, language="zh"
    )
    route(ingest, [settings])
    try:
        assert sent(ingest, FarEnd.of(settings, far.url.replace("http:", "json:")))
    finally:
        far.close()
    ((*_, error),) = messages(ingest)
    assert error.endswith("did not end its answer within 3 s")


def test_a_signal_of_life_whose_answer_never_ends_is_given_all_the_same():
    """A service that takes it has done so with the head of its answer."""
    for head, fails in ((b"HTTP/1.1 200 OK\r\n\r\n", False), (b"HTTP/1.1 200 OK\r\nX: ", True)):
        far = DrippingEnd(head)
        try:
            assert (signal(far.url, SOON_S) is not None) == fails
        finally:
            far.close()
