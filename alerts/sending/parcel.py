"""What a far end is handed, and how it is put into words: language, title, body, length. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.alert import Alert, to_json
from alerts.grade import GRADES, RANK, Grade
from alerts.reason import Reason
from alerts.receiver_settings import Language
from alerts.times import BEIJING, duration, rfc3339
from alerts.wording import GRADE_WORDS, KIND_WORDS, ORIGIN_WORDS, say

Text = Mapping[str, str]  # zh and en
_LANGUAGES: dict[Language, tuple[str, ...]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}
_ALSO = {"zh": "……另有 {n} 条，见值守台", "en": "... and {n} more; see the desk"}


@dataclass(frozen=True, slots=True)
class Message:
    """One transition for one receiver, as it lies in the queue. alert: as it stands now.

    chain, step: of an escalation; waited_s: for how long nobody had acknowledged when it was made.
    """

    id: int
    attempts: int
    transition_id: int
    kind: str
    at: datetime
    grade: Grade
    reason: Reason
    alert: Alert
    way: str = "route"
    chain: str = ""
    step: int = 0
    why: Mapping[str, Any] = field(default_factory=dict)
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """One sending. ids: the messages that it delivers. lines: the most important first; those that
    do not fit are counted in a digest, and left out of a single message. key: lets the far end drop
    a repetition. document: all of it, for programs."""

    key: str
    ids: tuple[int, ...]
    attempts: int
    grade: Grade
    head: Text
    lines: tuple[Text, ...]
    document: Mapping[str, Any]
    digest: bool = False


def single(message: Message) -> Parcel:
    """One transition."""
    text, head, lines = _worded(message)
    # A step of the night's chain and one of the day's are two messages: they have two keys.
    step = f"-escalation-{message.chain}-{message.step}" if message.way == "escalation" else ""
    return Parcel(
        key=f"{message.transition_id}{step}",
        ids=(message.id,),
        attempts=message.attempts,
        grade=message.grade,
        head=head,
        lines=lines,
        document=_document(message, text),
    )


def digest(messages: Sequence[Message]) -> Parcel:
    """Many transitions in one: a line an alert, with how it stands, the gravest first."""
    newest: dict[str, Message] = {}
    for message in messages:
        newest[message.alert.id] = message
    worded = {m.id: _worded(m)[0] for m in messages}
    order = sorted(newest.values(), key=lambda m: (-RANK[m.grade], -m.transition_id))
    count = Counter(message.grade for message in newest.values())
    graded = [grade for grade in reversed(GRADES) if count[grade]]
    zh = "，".join(f"{GRADE_WORDS[grade][0]} {count[grade]}" for grade in graded)
    en = ", ".join(f"{count[grade]} {GRADE_WORDS[grade][1]}" for grade in graded)
    return Parcel(
        key=f"digest-{messages[0].id}-{len(messages)}-{messages[-1].id}",
        ids=tuple(message.id for message in messages),
        attempts=max(message.attempts for message in messages),
        grade=order[0].grade,
        head={
            "zh": f"【汇总】{len(newest)} 起告警，{len(messages)} 条变化：{zh}",
            "en": f"[DIGEST] {len(newest)} alerts, {len(messages)} changes: {en}",
        },
        lines=tuple(worded[message.id] for message in order),
        document={
            "kind": "digest",
            "count": len(messages),
            "messages": [_document(message, worded[message.id]) for message in messages],
        },
        digest=True,
    )


def trial(message_id: int, attempts: int, at: datetime) -> Parcel:
    """A message that says that the way works, and nothing else."""
    head = {
        "zh": "【测试】告警通道测试，无事发生，请勿处置",
        "en": "[TEST] test of this channel: nothing has happened, do nothing",
    }
    when = at.astimezone(BEIJING)
    line = {
        "zh": f"发出时间 {when:%m-%d %H:%M:%S}（北京时间）",
        "en": f"made at {when:%m-%d %H:%M:%S}, Beijing time",
    }
    document = {"kind": "test", "at": rfc3339(at), "text": head, "message": message_id}
    return Parcel(f"test-{message_id}", (message_id,), attempts, "blue", head, (line,), document)


def word(alert: Alert, kind: str, grade: str, reason: Reason) -> dict[str, str]:
    """One line a language: origin, grade, what happened, where, why.

    What has no word is shown as it is: a missing word never hides an alert.
    """
    why, head = say(reason), _head(alert, kind, grade)
    return {"zh": f"{head['zh']}，{why['zh']}", "en": f"{head['en']}. {why['en']}"}


def compose(
    parcel: Parcel, language: Language, chars: int | None = None, octets: int | None = None
) -> tuple[str, str]:
    """Title and body in the languages of a receiver, together within `chars` characters and
    `octets` bytes of UTF-8. Whole lines are left out from the end; the first one is cut."""
    languages = _LANGUAGES[language]
    title = " / ".join(parcel.head[each] for each in languages)
    kept = len(parcel.lines)
    while kept > 1 and not _fits(title, _body(parcel, languages, kept), chars, octets):
        kept -= max(1, kept // 8)
    body = _body(parcel, languages, kept)
    if _fits(title, body, chars, octets):
        return title, body
    if not _fits(title, "", chars, octets):
        return _cut(title, chars, octets), ""
    left = None if chars is None else chars - len(title) - 1
    bytes_left = None if octets is None else octets - len(title.encode()) - 1
    return title, _cut(body, left, bytes_left)


def _body(parcel: Parcel, languages: tuple[str, ...], kept: int) -> str:
    parts = []
    for language in languages:
        lines = [line[language] for line in parcel.lines[:kept] if line[language]]
        left = len(parcel.lines) - kept
        if parcel.digest and left:
            lines.append(_ALSO[language].format(n=left))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _fits(title: str, body: str, chars: int | None, octets: int | None) -> bool:
    whole = f"{title}\n{body}" if body else title
    return (chars is None or len(whole) <= chars) and (
        octets is None or len(whole.encode()) <= octets
    )


def _cut(text: str, chars: int | None, octets: int | None) -> str:
    if chars is not None and len(text) > chars:
        text = text[: max(0, chars - 1)] + "…"
    while octets is not None and len(text.encode()) > octets and len(text) > 1:
        text = text[:-2] + "…"
    return text if octets is None or len(text.encode()) <= octets else ""


def _worded(message: Message) -> tuple[Text, Text, tuple[Text, ...]]:
    """The one line for programs and digests; title and lines for people."""
    alert, before = message.alert, _before(message)
    head, why = _head(alert, message.kind, message.grade), say(message.reason)
    line = word(alert, message.kind, message.grade, message.reason)
    began = alert.began_at.astimezone(BEIJING)
    ended = message.kind == "ended"
    action = None if ended else alert.action
    lines = (
        why,
        {
            "zh": f"处置：{action.zh}" if action else "",
            "en": f"To do: {action.en}" if action else "",
        },
        {
            "zh": f"{began:%m-%d %H:%M} 起（北京时间），编号 {alert.id}",
            "en": f"since {began:%m-%d %H:%M} Beijing time, alert {alert.id}",
        },
    )
    return (
        {key: before[key] + line[key] for key in line},
        {key: before[key] + head[key] for key in head},
        lines,
    )


def _before(message: Message) -> Text:
    """What stands before all else: why this reaches somebody who was not told at first."""
    if message.way == "escalation":
        zh, en = duration(message.waited_s)
        return {
            "zh": f"【{zh}无人确认】",
            "en": f"[NOT ACKNOWLEDGED for {en}] ",
        }
    if message.way == "fallback" and message.why.get("instead_of"):
        name = message.why["instead_of"]
        return {"zh": f"【{name} 未送达，转发】", "en": f"[in place of {name}] "}
    return {"zh": "", "en": ""}


def _head(alert: Alert, kind: str, grade: str) -> dict[str, str]:
    origin = ORIGIN_WORDS.get(alert.origin, ("", ""))
    grade_zh, grade_en = GRADE_WORDS.get(grade, (grade, grade))
    kind_zh, kind_en = KIND_WORDS.get(kind, (kind, kind))
    names = alert.station_names
    place_zh, place_en = (f" {names.zh}", f", {names.en}") if names else ("", "")
    return {
        "zh": f"{origin[0]}【{grade_zh}】{kind_zh}：{alert.label.zh}{place_zh}",
        "en": f"{origin[1]}{grade_en.upper()} {kind_en}: {alert.label.en}{place_en}",
    }


def _document(message: Message, text: Text) -> dict[str, Any]:
    return {
        "transition": message.transition_id,
        "kind": message.kind,
        "at": rfc3339(message.at),
        "grade": message.grade,
        "way": message.way,
        "step": message.step,
        "text": dict(text),
        "alert": to_json(message.alert),
    }
