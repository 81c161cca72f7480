"""Answers when crontab expressions come true next, by looking at each minute (crontab(5))."""

import json
import sys
from datetime import datetime, timedelta, timezone

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


def numbers(field: str, first: int, last: int, names: list[str], start: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            low, high = first, last
        else:
            ends = [names.index(end.lower()) + start if end.lower() in names else int(end) for end in span.split("-")]
            low, high = ends[0], ends[-1]
        found.update(range(low, high + 1, int(step or 1)))
    return found


def runs(expression: str, after: str, count: int) -> list[str]:
    minute, hour, day, month, weekday = expression.split(" ")
    minutes, hours = numbers(minute, 0, 59, [], 0), numbers(hour, 0, 23, [], 0)
    days, months = numbers(day, 1, 31, [], 0), numbers(month, 1, 12, MONTHS, 1)
    weekdays = {number % 7 for number in numbers(weekday, 0, 7, DAYS, 0)}
    # A day is right by one of the two when both are given. `*/2` is: cron of old takes it for a star, most others do not.
    is_either = day != "*" and weekday != "*"
    at = datetime.fromisoformat(after).replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = at + timedelta(days=800)
    found: list[str] = []
    while at < end and len(found) < count:
        of_month, of_week = at.day in days, at.isoweekday() % 7 in weekdays
        if at.month not in months or not (of_month or of_week if is_either else of_month and of_week):
            at = at.replace(hour=0, minute=0) + timedelta(days=1)
        elif at.hour not in hours:
            at = at.replace(minute=0) + timedelta(hours=1)
        else:
            if at.minute in minutes:
                found.append(at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ"))
            at += timedelta(minutes=1)
    return found


json.dump([runs(**one) for one in json.load(sys.stdin)], sys.stdout)
