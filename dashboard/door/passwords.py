"""What may be a password: long, and not one of those that are tried first. Looks at no network."""

import re
import secrets

SHORTEST = 12
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else
_FEWEST = 5  # different characters, beside what is known
# What common passwords are made of, as the published lists of leaked ones show (SecLists, NCSC):
# who joins two of them has a long password that is still among the first to be tried.
COMMON = (
    *("password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "admin", "administrator"),
    *("root", "user", "guest", "test", "welcome", "letmein", "login", "secret", "changeme"),
    *("default", "master", "monkey", "dragon", "football", "baseball", "sunshine", "princess"),
    *("iloveyou", "trustno1", "superman", "batman", "shadow", "michael", "charlie", "hello"),
    *("qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "asdf", "zxcvbnm", "zxcvbn", "qazwsxedc"),
    *("1qaz2wsx3edc", "1qaz2wsx", "1q2w3e4r5t", "1q2w3e4r", "q1w2e3r4", "qazwsx", "zaq1"),
    *("woaini", "mima", "guanliyuan", "5201314", "1314520", "520", "zhongguo", "ningbo"),
    *("beilun", "dongtai", "yingji", "zhiban", "huanbao", "shuili", "china", "abc", "aa", "pass"),
)
_DIGITS = "01234567890"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_WORDS = re.compile("|".join(map(re.escape, sorted(COMMON, key=len, reverse=True))))
_REPEATED = re.compile(r"(.{1,6}?)\1+")


def fault(password: str, name: str = "") -> str | None:
    """Why it cannot be a password of `name`; None where it can: short, own_name, common."""
    if len(password) < SHORTEST:
        return "short"
    plain = password.casefold()
    if len(name) > 2 and name.casefold() in plain:
        plain = plain.replace(name.casefold(), "")
        if len(set(plain)) < _FEWEST:
            return "own_name"
    return "common" if len(set(_rest(plain))) < _FEWEST else None


def one_time() -> str:
    """Eighty bits in groups of four, to be read out and typed once."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(drawn[at : at + 4] for at in range(0, 16, 4))


def _rest(plain: str) -> str:
    """What is left when all that is known, runs and repetitions are taken out."""
    left = _WORDS.sub("", plain)
    left = _REPEATED.sub(r"\1", left)
    return _without_runs(left)


def _without_runs(text: str) -> str:
    """Without 1234, cba and the like of four and more."""
    kept, at = [], 0
    while at < len(text):
        end = at + 1
        while end < len(text) and _run(text[at : end + 1]):
            end += 1
        if end - at < 4:
            end = at + 1
            kept.append(text[at])
        at = end
    return "".join(kept)


def _run(part: str) -> bool:
    return any(part in row or part in row[::-1] for row in (_DIGITS, _ALPHABET))
