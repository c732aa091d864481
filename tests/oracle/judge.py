"""Judges as docs/MATCHING.md says, plainly. Nothing here knows the engine."""

import math
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrulestr

from .facts import DAY, Listing, World, midnight, to_instant, to_local

SPHERE = 6_371_008.8
HORIZON = 366 * DAY
WINDOW = 56 * DAY
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
FIELD_WEIGHTS = {"title": 1.0, "task": 0.8, "theme": 0.7, "organization": 0.6, "place": 0.6,
                 "description": 0.4}


# ---- place -------------------------------------------------------------------------------------

def haversine(a: tuple, b: tuple) -> float:
    """Metres between two (latitude, longitude)."""
    if a == b:
        return 0.0
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    h = (math.sin((lat_b - lat_a) / 2) ** 2
         + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2)
    return 2 * SPHERE * math.asin(math.sqrt(min(1.0, h)))


def travels(listing: Listing) -> bool:
    return listing.attendance in ("I_TRAVEL", "EITHER")


def pair_metres(a: Listing, b: Listing) -> float | None:
    return None if a.remote or b.remote else haversine(a.measured, b.measured)


def fits_in_place(a: Listing, b: Listing) -> bool:
    metres = pair_metres(a, b)
    if metres is None:
        return True
    return any(travels(side) and (side.reach_km is None or metres <= side.reach_km * 1000)
               for side in (a, b))


# ---- words -------------------------------------------------------------------------------------

@lru_cache(maxsize=200_000)
def words(text: str) -> tuple:
    """The folded words of a text: runs of letters and digits, in order."""
    text = unicodedata.normalize("NFC", text).lower()
    text = text.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    text = "".join(c for c in unicodedata.normalize("NFD", text)
                   if not unicodedata.category(c).startswith("M"))
    return tuple(re.findall(r"[^\W_]+", text))


def dice(a: set, b: set) -> float:
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0


# ---- time --------------------------------------------------------------------------------------

def expand(entry, start_from: int, horizon: int) -> list:
    """The occurrences (start, end) of one entry that end after `start_from` and start no later
    than `horizon`."""
    if entry.rule is None:
        start = to_instant(entry.start)
        if entry.start in entry.exceptions or entry.start.date() in entry.exceptions:
            return []
        end = start + entry.duration
        return [(start, end)] if end > start_from and start <= horizon else []
    earliest = to_local(start_from - entry.duration - 2 * DAY).replace(tzinfo=None)
    latest = to_local(horizon + 2 * DAY).replace(tzinfo=None)
    if entry.until is not None:
        latest = min(latest, entry.until)
    found = []
    for local in rrulestr(entry.rule, dtstart=entry.start):
        if local > latest:
            break
        if local < earliest or local in entry.exceptions or local.date() in entry.exceptions:
            continue
        start = to_instant(local)
        end = start + entry.duration
        if end > start_from and start <= horizon:
            found.append((start, end))
    return found


def overlap(a: tuple, b: tuple) -> int:
    return min(a[1], b[1]) - max(a[0], b[0])


def within(inner: tuple, outer: tuple) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def meet(a: tuple, b: tuple, window: tuple, effort: int | None) -> bool:
    if within(a, b) and within(a, window) or within(b, a) and within(b, window):
        return True
    common = min(a[1], b[1], window[1]) - max(a[0], b[0], window[0])
    return effort is not None and common >= effort


def pair_effort(a: Listing, b: Listing) -> int | None:
    return max((side.effort for side in (a, b) if side.effort is not None), default=None)


@lru_cache(maxsize=500_000)
def weekday(instant: int) -> str:
    return WEEKDAYS[to_local(instant).weekday()]


# ---- free times --------------------------------------------------------------------------------

@dataclass(frozen=True)
class FreeTime:
    weekday: str
    start: int  # minutes of the local day
    end: int  # up to 1440


def merged(intervals: list) -> list:
    out = []
    for start, end in sorted(intervals):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def free_intervals(free_times, low: int, high: int) -> list:
    """The free times as instants within low..high, those that touch or overlap made one."""
    intervals = []
    day = to_local(low).date() - timedelta(days=1)
    last = to_local(high).date() + timedelta(days=1)
    while day <= last:
        for slot in free_times:
            if WEEKDAYS[day.weekday()] == slot.weekday:
                start, end = wall(day, slot.start), wall(day, slot.end)
                if start < end:
                    intervals.append((start, end))
        day += timedelta(days=1)
    return [(max(start, low), min(end, high)) for start, end in merged(intervals)
            if start < high and end > low]


def wall(day: date, minutes: int) -> int:
    return to_instant(datetime(day.year, day.month, day.day) + timedelta(minutes=minutes))


# ---- what is asked for -------------------------------------------------------------------------

@dataclass
class Filter:
    """What a query asks; None is not asked."""

    near: tuple | None = None  # (latitude, longitude)
    radius_km: float = 0.0
    include_remote: bool = False
    kinds: list | None = None
    themes: list | None = None
    target_groups: list | None = None
    languages: list | None = None
    attendance: list | None = None
    dates: tuple | None = None  # (date, date), both included
    free_times: list | None = None  # of FreeTime
    organizations: list | None = None  # external ids
    text: str | None = None


@dataclass
class Suggestion:
    listing: Listing
    score: float
    metres: float | None
    components: dict  # name -> value
    clarify: frozenset  # of (external id of the side that asks, requirement)


@dataclass
class Similar:
    listing: Listing
    similarity: float
    metres: float | None
    parts: tuple = field(default=())


class Judge:
    def __init__(self, world: World, now: int):
        self.world = world
        self.now = now
        self.window = (now, now + WINDOW)
        self.horizon = now + HORIZON
        self._occurrences: dict = {}
        self._in_window: dict = {}
        self._words: dict = {}
        self._closeness: dict = {}
        self._open: list | None = None
        self.lines = {code: world.line(code) for code in world.themes}

    # ---- time

    def occurrences(self, listing: Listing) -> list:
        """All that end after now, in order; the same (start, end) once."""
        known = self._occurrences.get(listing.external_id)
        if known is None:
            found = set()
            for entry in listing.schedule:
                found.update(expand(entry, self.now, self.horizon))
            known = self._occurrences[listing.external_id] = sorted(found)
        return known

    def window_occurrences(self, listing: Listing) -> list:
        known = self._in_window.get(listing.external_id)
        if known is None:
            known = [o for o in self.occurrences(listing) if o[0] < self.window[1]]
            self._in_window[listing.external_id] = known
        return known

    def next_occurrence(self, listing: Listing) -> tuple | None:
        return next(iter(self.occurrences(listing)), None)

    def meetings(self, listing: Listing, other: Listing, effort="of the pair") -> tuple:
        """How many of the listing's occurrences that intersect the window meet one of the
        other's, and how many there are."""
        if effort == "of the pair":
            effort = pair_effort(listing, other)
        own, others = self.window_occurrences(listing), self.window_occurrences(other)
        starts = [o[0] for o in others]
        longest = max((end - start for start, end in others), default=0)
        count = 0
        for a in own:
            for b in others[bisect_left(starts, a[0] - longest):]:
                if b[0] > a[1]:
                    break
                if meet(a, b, self.window, effort):
                    count += 1
                    break
        return count, len(own)

    def fits_in_time(self, a: Listing, b: Listing) -> bool:
        if not a.schedule or not b.schedule:
            return True
        return self.meetings(a, b)[0] > 0

    # ---- open

    def is_open(self, listing: Listing) -> bool:
        if self.now >= listing.expires:
            return False
        return not listing.schedule or bool(self.occurrences(listing))

    def open_listings(self) -> list:
        if self._open is None:
            self._open = [one for one in self.world.listings.values() if self.is_open(one)]
        return self._open

    # ---- themes

    def closeness(self, a: str, b: str) -> float | None:
        """Of two themes on one line; None when they are not."""
        if b in self.lines[a] or a in self.lines[b]:
            deep, shallow = sorted((len(self.lines[a]), len(self.lines[b])), reverse=True)
            return 2 * shallow / (deep + shallow)
        return None

    def theme_closeness(self, a, b) -> float | None:
        """The greatest closeness over two lists of themes; None when no two are on one line."""
        key = (tuple(a), tuple(b))
        if key not in self._closeness:
            values = [self.closeness(x, y) for x in a for y in b]
            self._closeness[key] = max((v for v in values if v is not None), default=None)
        return self._closeness[key]

    # ---- the hard conditions

    @staticmethod
    def groups_fit(a: Listing, b: Listing) -> bool:
        return not (a.target_groups and b.target_groups
                    and a.target_groups.isdisjoint(b.target_groups))

    @staticmethod
    def refused(asking: Listing, other: Listing) -> bool:
        return any(other.declares.get(name) is False for name in asking.requires)

    @staticmethod
    def unclear(asking: Listing, other: Listing) -> set:
        found = {(asking.external_id, name) for name in asking.requires
                 if other.declares.get(name) is None}
        if asking.requires_age is not None and (
                other.declares_age is None or other.declares_age < asking.requires_age):
            found.add((asking.external_id, "minimum_age"))
        return found

    def same_side(self, a: Listing, b: Listing) -> bool:
        if a.private and b.private:
            return a.person is not None and a.person == b.person
        return a.organization == b.organization

    def hindrance(self, a: Listing, b: Listing) -> str | None:
        """The first hard condition that the pair fails, or None when it fits."""
        if a.external_id == b.external_id or (a.kind == "OFFER") == (b.kind == "OFFER"):
            return "kind"
        if self.theme_closeness(a.themes, b.themes) is None:
            return "theme"
        if not self.is_open(a) or not self.is_open(b):
            return "open"
        if self.same_side(a, b):
            return "sides"
        if a.capacity == 0 or b.capacity == 0:
            return "full"
        if not self.groups_fit(a, b):
            return "target group"
        if self.refused(a, b) or self.refused(b, a):
            return "requirement"
        if not fits_in_place(a, b):
            return "place"
        if not self.fits_in_time(a, b):
            return "time"
        return None

    # ---- the score

    def components(self, a: Listing, b: Listing) -> dict:
        offer, need = (a, b) if a.kind == "OFFER" else (b, a)
        values = {"theme": self.theme_closeness(a.themes, b.themes)}
        metres = pair_metres(a, b)
        if metres is not None:
            values["distance"] = 0.5 ** (metres / 1000 / 5)
        if a.schedule and b.schedule:
            count, of = self.meetings(need, offer)
            values["time"] = count / of
        if a.languages or b.languages:
            spoken = [side.languages or {"da"} for side in (a, b)]
            values["language"] = 0.0 if spoken[0].isdisjoint(spoken[1]) else 1.0
        coming = self.next_occurrence(need)[0] if need.schedule else need.expires
        values["urgency"] = max(0.0, 1 - max(0, coming - self.now) / DAY / 56)
        values["freshness"] = 0.5 ** (self.days_since(min(a.assured, b.assured)) / 60)
        return values

    def days_since(self, instant: int) -> float:
        return max(0, self.now - instant) / DAY

    def score(self, values: dict) -> float:
        weights = self.world.weights
        return (sum(weights[name] * value for name, value in values.items())
                / sum(weights[name] for name in values))

    def suggestions(self, listing: Listing, hindrances=None) -> list:
        """What is suggested for a listing, best first; of equals in no certain order.
        `hindrances` may be a Counter, for what the pairs failed."""
        found = []
        for other in self.open_listings():
            hindrance = self.hindrance(listing, other)
            if hindrances is not None:
                hindrances[hindrance] += 1
            if hindrance is None:
                values = self.components(listing, other)
                found.append(Suggestion(
                    other, self.score(values), pair_metres(listing, other), values,
                    frozenset(self.unclear(listing, other) | self.unclear(other, listing))))
        return sorted(found, key=lambda s: (
            -s.score, math.inf if s.metres is None else s.metres))

    # ---- similar listings

    def title_and_task(self, listing: Listing) -> set:
        return set(words(listing.title)) | set(words(listing.task))

    def similar(self, listing: Listing, least: float = 0.5) -> list:
        found = []
        for other in self.open_listings():
            if other.external_id == listing.external_id or other.kind != listing.kind:
                continue
            theme = self.theme_closeness(listing.themes, other.themes)
            if theme is None or not self.groups_fit(listing, other):
                continue
            if listing.remote != other.remote:
                continue
            metres = pair_metres(listing, other)
            if metres is not None and metres > 10_000:
                continue
            place = 1.0 if metres is None else 0.5 ** (metres / 1000 / 2)
            text = dice(self.title_and_task(listing), self.title_and_task(other))
            similarity = (theme + place + text) / 3
            if similarity >= least:
                found.append(Similar(other, similarity, metres, (theme, place, text)))
        return sorted(found, key=lambda s: -s.similarity)

    # ---- finding listings

    def field_words(self, listing: Listing) -> dict:
        known = self._words.get(listing.external_id)
        if known is None:
            labels = [self.world.themes[code][name] for code in listing.themes
                      for name in ("label_da", "label_en")]
            organization = "" if listing.private else (
                self.world.organizations[listing.organization]["name"])
            known = self._words[listing.external_id] = {
                "title": words(listing.title), "task": words(listing.task),
                "theme": words(" ".join(labels)), "organization": words(organization),
                "place": words(self.place_text(listing)),
                "description": words(listing.description)}
        return known

    def place_text(self, listing: Listing) -> str:
        """What of a place can be searched: its name, its address, and its postcode with the
        name of that; of a place that is not to be known exactly only the latter two."""
        post = listing.postal_code + " " + self.world.postcodes[listing.postal_code]["name"]
        if listing.hidden:
            return post
        return " ".join((listing.place_name, listing.address, post))

    def word_value(self, listing: Listing, word: str) -> float:
        """The weight of the best field with a word that begins so; 0 when none does."""
        return max((FIELD_WEIGHTS[name] for name, found in self.field_words(listing).items()
                    if any(one.startswith(word) for one in found)), default=0.0)

    def span(self, dates: tuple) -> tuple:
        return midnight(dates[0]), midnight(dates[1] + timedelta(days=1))

    def left(self, listing: Listing, dates: tuple | None) -> list:
        """The occurrences that `dates` and now leave."""
        if dates is None:
            return self.occurrences(listing)
        low, high = self.span(dates)
        return [o for o in self.occurrences(listing) if o[0] < high and o[1] > low]

    def fits_free_times(self, listing: Listing, intervals: list) -> bool:
        if not listing.schedule:
            return listing.effort is None or any(
                end - start >= listing.effort for start, end in intervals)
        ends = [end for _, end in intervals]
        for occurrence in self.occurrences(listing):
            for free in intervals[bisect_left(ends, occurrence[0]):]:
                if free[0] >= occurrence[1]:
                    break
                if within(occurrence, free):
                    return True
                if listing.effort is not None and overlap(occurrence, free) >= listing.effort:
                    return True
        return False

    def conditions(self, asked: Filter) -> list:
        """(name, predicate) of every filter that is given, the cheap ones first."""
        out = []
        if asked.kinds is not None:
            out.append(("kinds", lambda one: one.kind in asked.kinds))
        if asked.attendance is not None:
            out.append(("attendance", lambda one: one.attendance in asked.attendance))
        if asked.organizations is not None:
            out.append(("organizations", lambda one: one.organization in asked.organizations))
        if asked.themes is not None:
            wanted = set(asked.themes)
            out.append(("themes", lambda one: any(
                not wanted.isdisjoint(self.lines[code]) for code in one.themes)))
        if asked.target_groups is not None:
            out.append(("targetGroups", lambda one: not one.target_groups
                        or not one.target_groups.isdisjoint(asked.target_groups)))
        if asked.languages is not None:
            out.append(("languages", lambda one: not (one.languages or {"da"}).isdisjoint(
                asked.languages)))
        if asked.near is not None:
            out.append(("near", lambda one: asked.include_remote if one.remote else
                        haversine(asked.near, one.measured) <= asked.radius_km * 1000))
        if asked.text is not None:
            sought = words(asked.text)
            out.append(("text", lambda one: all(self.word_value(one, w) > 0 for w in sought)))
        if asked.dates is not None:
            out.append(("dates", lambda one: not one.schedule
                        or bool(self.left(one, asked.dates))))
        if asked.free_times is not None:
            low, high = self.span(asked.dates) if asked.dates else self.window
            intervals = free_intervals(asked.free_times, max(low, self.now), high)
            out.append(("freeTimes", lambda one: self.fits_free_times(one, intervals)))
        return out

    def find(self, asked: Filter, bites=None) -> list:
        """The open listings that all filters keep. `bites` may be a Counter: how many listings
        each filter alone has kept out."""
        conditions = self.conditions(asked)
        found = []
        for listing in self.open_listings():
            failed = None
            for name, holds in conditions:
                if not holds(listing):
                    if failed is not None or bites is None:
                        failed = "several"
                        break
                    failed = name
            if failed is None:
                found.append(listing)
            elif bites is not None and failed != "several":
                bites[failed] += 1
        return found

    def distance(self, asked: Filter, listing: Listing) -> float | None:
        """Metres from what is asked near."""
        if asked.near is None or listing.remote:
            return None
        return haversine(asked.near, listing.measured)

    def relevance_parts(self, asked: Filter, listing: Listing) -> tuple:
        """((weight, value), …) over what the filter asks for."""
        parts = []
        sought = words(asked.text) if asked.text is not None else ()
        if sought:
            values = [self.word_value(listing, word) for word in sought]
            parts.append((0.5, sum(values) / len(values)))
        if asked.themes is not None:
            parts.append((0.2, self.theme_closeness(listing.themes, asked.themes) or 0.0))
        if asked.near is not None:
            metres = self.distance(asked, listing)
            parts.append((0.2, 0.0 if metres is None else 0.5 ** (metres / 1000 / 5)))
        parts.append((0.1, 0.5 ** (self.days_since(listing.assured) / 60)))
        return tuple(parts)

    def sort_key(self, asked: Filter, order: str, listing: Listing) -> float:
        """Smallest first; the id comes after it."""
        if order == "DISTANCE":
            metres = self.distance(asked, listing)
            return math.inf if metres is None else metres
        if order == "START":
            if not listing.schedule:
                return math.inf
            return self.left(listing, asked.dates)[0][0]
        if order == "NEWEST":
            return -listing.posted
        parts = self.relevance_parts(asked, listing)
        return -sum(weight * value for weight, value in parts) / sum(w for w, _ in parts)

    def listings(self, asked: Filter, order: str, identity=lambda one: one.external_id) -> list:
        return sorted(self.find(asked),
                      key=lambda one: (self.sort_key(asked, order, one), identity(one)))

    def facets(self, asked: Filter, found: list) -> dict:
        counts = {"themes": {}, "kinds": {}, "organizations": {}, "weekdays": {}}

        def add(facet, keys):
            for key in keys:
                counts[facet][key] = counts[facet].get(key, 0) + 1

        for listing in found:
            add("themes", {code for theme in listing.themes for code in self.lines[theme]})
            add("kinds", [listing.kind])
            add("organizations", [] if listing.private else [listing.organization])
            occurrences = (self.left(listing, asked.dates) if asked.dates
                           else self.window_occurrences(listing))
            add("weekdays", {weekday(start) for start, _ in occurrences})
        return counts
