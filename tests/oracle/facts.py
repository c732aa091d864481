"""Reads the data files described in seed/data/README.md into plain facts."""

import csv
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
DEMO_MONDAY = date(2026, 1, 5)
SECOND = 1_000_000  # instants are whole microseconds since 1970 (UTC)
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SEED = Path(__file__).resolve().parents[2] / "seed" / "data"

_instants: dict[datetime, int] = {}


def to_instant(moment: datetime) -> int:
    """An aware moment, or a naive local one, as an instant.

    With fold=0 zoneinfo reads a skipped local time with the offset before the gap, and a local
    time that happens twice as the first: what the page asks for.
    """
    if moment.tzinfo is None:
        known = _instants.get(moment)
        if known is None:
            aware = moment.replace(tzinfo=COPENHAGEN, fold=0)
            known = _instants[moment] = (aware - EPOCH) // timedelta(microseconds=1)
        return known
    return (moment - EPOCH) // timedelta(microseconds=1)


def to_local(instant: int) -> datetime:
    return (EPOCH + timedelta(microseconds=instant)).astimezone(COPENHAGEN)


def midnight(day: date) -> int:
    return to_instant(datetime.combine(day, time()))


def parse_instant(text: str) -> int:
    return to_instant(datetime.fromisoformat(text))


def show(instant: int | None) -> str:
    return "-" if instant is None else to_local(instant).isoformat()


@dataclass(frozen=True)
class Entry:
    """One entry of a schedule: a one-off occurrence, or a rule with its exceptions."""

    start: datetime  # naive, local
    duration: int  # microseconds
    rule: str | None = None
    until: datetime | None = None  # naive, local, included; taken out of the rule
    exceptions: frozenset = frozenset()  # naive local datetimes and dates


@dataclass
class Listing:
    external_id: str  # as it is shown: without the ending that names the person
    kind: str
    organization: str | None
    person: str | None = None  # of a private listing, when its ending names one
    title: str = ""
    task: str = ""
    description: str = ""
    themes: tuple = ()
    target_groups: frozenset = frozenset()
    languages: frozenset = frozenset()
    place_name: str = ""
    address: str = ""
    postal_code: str = ""
    exact: tuple = (0.0, 0.0)  # latitude, longitude
    measured: tuple = (0.0, 0.0)  # the point distances are taken from
    at_home: bool = False
    attendance: str = "AT_MY_PLACE"
    reach_km: float | None = None
    schedule: tuple = ()
    effort: int | None = None  # microseconds
    capacity: int | None = None
    requires_age: int | None = None
    requires: frozenset = frozenset()  # of REQUIREMENTS
    declares_age: int | None = None
    declares: dict = field(default_factory=dict)  # requirement -> True, False
    posted: int = 0
    assured: int = 0
    expires: int = 0
    unsaid: frozenset = frozenset()  # which of the three the file does not say

    @property
    def private(self) -> bool:
        return self.organization is None

    @property
    def hidden(self) -> bool:
        """Shown, sought and measured by its postcode only."""
        return self.private or self.at_home

    @property
    def remote(self) -> bool:
        return self.attendance == "REMOTE"


REQUIREMENTS = ("childrens_certificate", "driving_licence", "wheelchair_access")


@dataclass
class World:
    themes: dict  # code -> {parent, label_da, label_en}
    target_groups: dict
    postcodes: dict  # code -> {name, municipality, region, point}
    organizations: dict
    places: dict
    listings: dict  # external id -> Listing
    weights: dict

    def line(self, theme: str) -> tuple:
        """The theme and its ancestors, the theme first."""
        line = [theme]
        while self.themes[line[-1]]["parent"]:
            line.append(self.themes[line[-1]]["parent"])
        return tuple(line)


def rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [{key: (value or "").strip() for key, value in row.items() if key is not None}
                for row in csv.DictReader(file, delimiter=";")]


def cell_list(cell: str) -> tuple:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def parse_duration(text: str) -> int:
    match = re.fullmatch(
        r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    if not match or not any(match.groups()):
        raise ValueError(f"not a duration: {text!r}")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * MINUTE + seconds * SECOND


def parse_moment(text: str) -> datetime | date:
    """A local date or date-time, in the basic or the extended form; one in Z becomes local."""
    moment = datetime.fromisoformat(text)
    if "T" not in text:
        return moment.date()
    if moment.tzinfo is not None:
        return moment.astimezone(COPENHAGEN).replace(tzinfo=None, fold=0)
    return moment


def parse_entry(text: str, weeks: int = 0) -> Entry:
    shift = timedelta(weeks=weeks)
    head, *rest = text.split()
    start, duration = head.split("/")
    entry = Entry(start=datetime.fromisoformat(start) + shift, duration=parse_duration(duration))
    for part in rest:
        if part.startswith("RRULE:"):
            pieces = [piece for piece in part[6:].split(";") if piece]
            until = [piece[6:] for piece in pieces if piece.upper().startswith("UNTIL=")]
            if until:
                last = parse_moment(until[0])
                if not isinstance(last, datetime):  # a date: the whole of it
                    last = datetime.combine(last, time(23, 59, 59))
                entry = replace(entry, until=last + shift)
            entry = replace(entry, rule=";".join(
                piece for piece in pieces if not piece.upper().startswith("UNTIL=")))
        elif part.startswith("EXDATE:"):
            entry = replace(entry, exceptions=frozenset(
                parse_moment(piece) + shift for piece in part[7:].split(",") if piece))
        else:
            raise ValueError(f"not part of a schedule: {part!r} in {text!r}")
    return entry


def parse_schedule(cell: str, weeks: int = 0) -> tuple:
    return tuple(parse_entry(part, weeks) for part in cell_list(cell))


def weeks_to(day: date) -> int:
    """Whole weeks from the demo's Monday to the Monday of the day's week."""
    return (day - timedelta(days=day.weekday()) - DEMO_MONDAY).days // 7


def point(row: dict) -> tuple | None:
    if row.get("latitude") and row.get("longitude"):
        return float(row["latitude"]), float(row["longitude"])
    return None


def read_listing(row: dict, organizations: dict, places: dict, postcodes: dict,
                 loaded: date, weeks: int) -> Listing:
    shift = timedelta(weeks=weeks)
    organization = row["organization"] or None
    place = places.get(row["place"]) if row.get("place") else None
    if row.get("place") and place is None:
        raise ValueError(f"{row['external_id']}: no such place {row['place']!r}")
    source = place or row
    postal_code = source["postal_code"] or (
        organizations[organization]["postal_code"] if organization else "")
    centre = postcodes[postal_code]["point"]
    exact = point(source) or centre
    at_home = row["at_home"] == "yes"

    def day(name: str) -> date | None:
        return date.fromisoformat(row[name]) + shift if row[name] else None

    posted = midnight(day("posted") or loaded)
    assured = midnight(day("assured")) if row["assured"] else posted
    last = day("expires")
    expires = midnight(last + timedelta(days=1)) if last else assured + 366 * DAY
    external_id, person = row["external_id"], None
    ending = re.fullmatch(r"(.*)-p([0-9]+)", external_id)
    if organization is None and ending:
        external_id, person = ending.groups()
    declares = {name: {"yes": True, "no": False}[row["declares_" + name]]
                for name in REQUIREMENTS if row["declares_" + name]}
    number = lambda name, kind: kind(row[name]) if row[name] else None
    effort = number("effort_minutes", int)
    return Listing(
        external_id=external_id, kind=row["kind"], organization=organization, person=person,
        title=row["title"], task=row["task"], description=row["description"],
        themes=cell_list(row["themes"]),
        target_groups=frozenset(cell_list(row["target_groups"])),
        languages=frozenset(cell_list(row["languages"])),
        place_name=place["name"] if place else "", address=source["address"],
        postal_code=postal_code, exact=exact,
        measured=centre if organization is None or at_home else exact,
        at_home=at_home, attendance=row["attendance"], reach_km=number("reach_km", float),
        schedule=parse_schedule(row["schedule"], weeks),
        effort=None if effort is None else effort * MINUTE,
        capacity=number("capacity", int),
        requires_age=number("requires_minimum_age", int),
        requires=frozenset(n for n in REQUIREMENTS if row["requires_" + n] == "yes"),
        declares_age=number("declares_minimum_age", int), declares=declares,
        posted=posted, assured=assured, expires=expires,
        unsaid=frozenset(name for name in ("posted", "assured", "expires") if not row[name]))


def read_world(data: Path, loaded: date, shift: bool = False, themes: Path | None = None,
               target_groups: Path | None = None, postcodes: Path | None = None,
               weights: Path | None = None) -> World:
    """`loaded` is the local date of loading; `shift` moves the demo's dates to its week."""
    data = Path(data)
    theme_rows = {row["code"]: row for row in rows(themes or SEED / "themes.csv")}
    group_rows = {row["code"]: row for row in rows(target_groups or SEED / "target_groups.csv")}
    postcode_rows = {row["postal_code"]: row | {"point": point(row)}
                     for row in rows(postcodes or SEED / "postcodes.csv")}
    organizations = {row["external_id"]: row for row in rows(data / "organizations.csv")}
    places = {}
    if (data / "places.csv").exists():
        places = {row["external_id"]: row for row in rows(data / "places.csv")}
    weeks = weeks_to(loaded) if shift else 0
    listings = {}
    for row in rows(data / "listings.csv"):
        listing = read_listing(row, organizations, places, postcode_rows, loaded, weeks)
        if listing.external_id in listings:
            raise ValueError(f"twice: {listing.external_id}")
        unknown = [code for code in listing.themes if code not in theme_rows]
        unknown += [code for code in listing.target_groups if code not in group_rows]
        if unknown or not listing.themes:
            raise ValueError(f"{listing.external_id}: unknown codes {unknown} or no theme")
        listings[listing.external_id] = listing
    with open(weights or SEED / "weights.toml", "rb") as file:
        weight_table = tomllib.load(file)
    return World(theme_rows, group_rows, postcode_rows, organizations, places, listings,
                 weight_table)


def join_worlds(worlds: list) -> World:
    """One world of several; no external id may be in two of them."""
    first, *others = worlds
    for other in others:
        for name in ("organizations", "places", "listings"):
            mine, theirs = getattr(first, name), getattr(other, name)
            if mine.keys() & theirs.keys():
                raise ValueError(f"twice: {sorted(mine.keys() & theirs.keys())[:5]}")
            mine |= theirs
    return first
