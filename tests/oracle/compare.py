"""Asks a running API and compares its answers with the judge's.

python -m oracle.compare --url http://127.0.0.1:PORT/graphql --now ISO
    [--data DIR] [--moved DIR] [--loaded DATE] [--seed N] [--queries 300] [--suggestions 300]

The server's clock must stand still at --now, and it must hold what the folders hold, no more and
no less; those of --moved have demo dates, which loading moves to its week. Prints a line per kind of comparison, what the
comparisons met, and the first differences in full; exits 1 on any difference, and also when the
comparisons were too poor to prove anything.
"""

import argparse
import random
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from . import queries
from .facts import DAY, MINUTE, Listing, join_worlds, parse_instant, read_world, show, to_local
from .judge import WEEKDAYS, Filter, FreeTime, Judge, haversine, words

ORDERS = ("DISTANCE", "RELEVANCE", "START", "NEWEST")
FIELDS = ("near", "kinds", "themes", "targetGroups", "languages", "attendance", "dates",
          "freeTimes", "organizations", "text")
COMPONENTS = ("theme", "distance", "time", "language", "urgency", "freshness")
TIE = 1e-9
FEATURES = ("two rules", "fortnightly", "exceptions in the window", "rule across a DST change",
            "one-off")


class Report:
    def __init__(self):
        self.compared = Counter()
        self.different = Counter()
        self.first: list = []
        self.met = Counter()

    def check(self, kind: str, good: bool, tell) -> bool:
        """One comparison; `tell` makes the text of a difference."""
        self.compared[kind] += 1
        if not good:
            self.different[kind] += 1
            if self.different[kind] <= 3:
                self.first.append(f"[{kind}] {tell()}")
        return good


def near_enough(got, expected, relative=1e-6, absolute=1e-9) -> bool:
    if got is None or expected is None:
        return got is expected
    return abs(got - expected) <= absolute + relative * abs(expected)


def km(metres: float | None) -> float | None:
    return None if metres is None else metres / 1000


def tell_listing(one: Listing) -> str:
    told = {name: value for name, value in vars(one).items()
            if value not in (None, "", (), frozenset(), {}) and name not in (
                "description", "posted", "assured", "expires", "unsaid", "exact", "schedule",
                "effort")}
    schedule = "; ".join(
        f"{e.start:%a %Y-%m-%dT%H:%M}/{e.duration // MINUTE}m"
        + (f" {e.rule}" if e.rule else "") + (f" until {e.until}" if e.until else "")
        + (f" except {sorted(map(str, e.exceptions))}" if e.exceptions else "")
        for e in one.schedule) or "by agreement"
    effort = "" if one.effort is None else f" effort={one.effort // MINUTE}m"
    return (f"{told}{effort} schedule=[{schedule}] posted={show(one.posted)} "
            f"assured={show(one.assured)} expires={show(one.expires)}")


# ---- the order of a list ------------------------------------------------------------------------

def ranked(x: float, y: float, tie: float, alike: bool, id_x, id_y) -> int:
    """-1 when x has to come first, 1 when y has to, 0 when either may.

    Keys that differ by more than `tie` decide. When the two are wholly alike (the same numbers
    went in) the ids decide; otherwise an equality within `tie` leaves the order open.
    """
    if x != y and not abs(x - y) <= tie:
        return -1 if x < y else 1
    if alike and id_x is not None and id_y is not None and id_x != id_y:
        return -1 if id_x < id_y else 1
    return 0


def order_faults(got: list, expected: set, rank, complete: bool) -> list:
    """What is wrong with a list of ids that should be the beginning (or all) of the expected."""
    faults = []
    unknown = [one for one in got if one not in expected]
    if unknown:
        faults.append(("unexpected", unknown))
    twice = [one for one, count in Counter(got).items() if count > 1]
    if twice:
        faults.append(("twice", twice))
    missing = expected - set(got)
    if complete and missing:
        faults.append(("missing", sorted(missing)))
    known = [one for one in got if one in expected]
    for x, y in zip(known, known[1:]):
        if rank(x, y) > 0:
            faults.append(("order", [x, y]))
            break
    if known and not complete:
        before = [one for one in missing if rank(one, known[-1]) < 0]
        if before:
            faults.append(("left out", before))
    return faults


def facet_faults(name: str, got: dict, expected: dict) -> list:
    """What is wrong with a facet, {value: count} in the order told: weekdays from Monday on, the
    others greatest first, and of organizations only so many."""
    faults = []
    if name == "organizations" and len(expected) > queries.MOST_ORGANIZATIONS:
        if len(got) != queries.MOST_ORGANIZATIONS:
            faults.append(f"{len(got)} are told")
        least = min(got.values(), default=0)
        expected = {value: count for value, count in expected.items()
                    if count > least or value in got}
    differing = {value: (expected.get(value, 0), got.get(value, 0))
                 for value in {*expected, *got} if expected.get(value, 0) != got.get(value, 0)}
    if differing:
        few = dict(sorted(differing.items(), key=str)[:10])
        faults.append(f"(expected, got) of the {len(differing)} that differ: {few}")
    keys = ([WEEKDAYS.index(value) for value in got] if name == "weekdays"
            else [-count for count in got.values()])
    if keys != sorted(keys):
        faults.append(f"order {got}")
    return faults


# ---- random questions ---------------------------------------------------------------------------

class Asker:
    """Makes random filters, mostly around a random open listing so that they find something."""

    def __init__(self, judge: Judge, rng: random.Random):
        self.judge, self.rng = judge, rng
        self.open = judge.open_listings()
        self.organizations = sorted({one.organization for one in self.open if one.organization})
        self.themes = sorted(judge.world.themes)
        self.groups = sorted(judge.world.target_groups)
        self.languages = sorted({code for one in self.open for code in one.languages} | {"da"})
        self.postcodes = sorted({one.postal_code for one in self.open})

    def some(self, of, wanted, most=3) -> list:
        """A few of the values, the wanted among them mostly."""
        picked = self.rng.sample(of, min(len(of), self.rng.randint(1, most)))
        wanted = sorted(wanted)
        if wanted and self.rng.random() < 0.8:
            picked = picked[: self.rng.randint(0, most - 1)] + [self.rng.choice(wanted)]
        return sorted(set(picked))

    def make(self, fields) -> tuple:
        """A filter that gives the fields, and the postcode it is near when it is asked so."""
        rng, judge = self.rng, self.judge
        target = rng.choice(self.open)
        asked, postcode = Filter(), None
        for name in fields:
            if name == "near":
                asked.radius_km = float(rng.choice((1, 2, 5, 10, 25, 60, 150, 400)))
                if rng.random() < 0.4:
                    postcode = rng.choice(self.postcodes)
                    if rng.random() < 0.8:
                        postcode = target.postal_code
                    asked.near = judge.world.postcodes[postcode]["point"]
                else:
                    asked.near = (round(target.measured[0] + rng.gauss(0, 0.03), 6),
                                  round(target.measured[1] + rng.gauss(0, 0.05), 6))
                asked.include_remote = rng.random() < 0.4
            elif name == "kinds":
                asked.kinds = self.some(["OFFER", "NEED", "WISH"], [target.kind], 2)
            elif name == "attendance":
                asked.attendance = self.some(["AT_MY_PLACE", "I_TRAVEL", "EITHER", "REMOTE"],
                                             [target.attendance])
            elif name == "themes":
                asked.themes = self.some(self.themes, {
                    code for theme in target.themes for code in judge.lines[theme]})
            elif name == "targetGroups":
                asked.target_groups = self.some(self.groups, target.target_groups)
            elif name == "languages":
                asked.languages = self.some(self.languages, target.languages or {"da"}, 2)
            elif name == "organizations":
                asked.organizations = self.some(
                    self.organizations, [target.organization] if target.organization else [])
            elif name == "dates":
                asked.dates = self.dates(target)
            elif name == "freeTimes":
                asked.free_times = self.free_times(target)
            elif name == "text":
                asked.text = self.text(target)
        return asked, postcode

    def dates(self, target: Listing) -> tuple:
        rng, today = self.rng, to_local(self.judge.now).date()
        start = today + timedelta(days=rng.choice((0, 0, 1, 7, 30, rng.randint(0, 300))))
        occurrences = self.judge.occurrences(target)
        if occurrences and rng.random() < 0.7:
            day = to_local(rng.choice(occurrences[:rng.choice((3, 20, 400))])[0]).date()
            start = max(today, day - timedelta(days=rng.choice((0, 0, 1, 3))))
        return start, start + timedelta(days=rng.choice((0, 0, 1, 2, 6, 6, 13, 30, 90)))

    def free_times(self, target: Listing) -> list:
        rng, slots = self.rng, []
        occurrences = self.judge.window_occurrences(target)
        if occurrences and rng.random() < 0.8:
            start, end = map(to_local, rng.choice(occurrences))
            margin = rng.choice((0, 0, 30, 120, -30, -60))
            low = start.hour * 60 + start.minute - margin
            high = end.hour * 60 + end.minute + margin
            weekday = start.weekday()
            if end.date() > start.date():  # two slots that touch at midnight
                slots.append((weekday, max(0, low), 1440))
                slots.append(((weekday + 1) % 7, 0, min(1440, max(high, 1))))
            else:
                slots.append((weekday, max(0, low), min(1440, high)))
            if rng.random() < 0.3:  # cut in two that touch or overlap
                day, low, high = slots.pop(0)
                middle = (low + high) // 2
                slots += [(day, middle, high), (day, low, middle + rng.choice((0, 0, 15)))]
        for _ in range(rng.choice((0, 1, 2, 5)) if slots else rng.choice((1, 2, 5))):
            low = rng.choice((0, 8, 9, 12, 14, 16, 17, 18, 20)) * 60
            slots.append((rng.randrange(7), low,
                          min(1440, low + rng.choice((30, 60, 90, 120, 180, 240, 480, 1440)))))
        slots = [slot for slot in slots if slot[1] < slot[2]] or [(rng.randrange(7), 600, 1440)]
        rng.shuffle(slots)
        return [FreeTime(WEEKDAYS[day], low, high) for day, low, high in slots]

    def text(self, target: Listing) -> str:
        rng = self.rng
        judge, sought = self.judge, []
        texts = {"title": target.title, "task": target.task, "description": target.description,
                 "theme": " ".join(judge.world.themes[code][label] for code in target.themes
                                   for label in ("label_da", "label_en")),
                 "place": judge.place_text(target),
                 "organization": "" if target.private else
                 judge.world.organizations[target.organization]["name"]}
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
            source = texts[rng.choice(list(texts))] or target.title
            pieces = [p for p in source.split() if words(p)]
            if not pieces:
                continue
            piece = rng.choice(pieces).strip(".,;:!?()\"'")
            if rng.random() < 0.5:
                piece = piece[: rng.randint(2, max(2, len(piece)))]
            style = rng.random()
            if style < 0.2:
                piece = piece.upper()
            elif style < 0.5:
                piece = " ".join(words(piece)) or piece
            sought.append(piece)
        if rng.random() < 0.05:
            sought.append("qxz")
        return " ".join(sought) or target.title


# ---- the comparison -----------------------------------------------------------------------------

class Comparison:
    def __init__(self, api, judge: Judge, report: Report, max_pages: int = 20):
        self.api, self.judge, self.report, self.max_pages = api, judge, report, max_pages
        self.world = judge.world
        self.ids: dict = {}  # external id -> opaque id
        self.order_ids: dict = {}  # external id -> uuid bytes
        self.organization_ids: dict = {}  # external id of the organization -> opaque id

    def one(self, external_id: str) -> str:
        listing = self.world.listings.get(external_id)
        return f"{external_id}: {tell_listing(listing) if listing else 'not in the files'}"

    def some(self, ids, most=3) -> str:
        ids = list(ids)
        return "".join(f"\n      {self.one(one)}" for one in ids[:most]) + (
            f"\n      … {len(ids)} in all" if len(ids) > most else "")

    # ---- facts: the join, and the instants that the files tell only as dates

    def join(self):
        check, world = self.report.check, self.world
        nodes = {}
        for node in self.api.all_listings():
            external_id = node["externalId"]
            if check("join", external_id in world.listings and external_id not in nodes,
                     lambda: f"externalId {external_id!r} unknown or twice: {node}"):
                nodes[external_id] = node
        organizations: dict = {}
        for external_id, node in nodes.items():
            one = world.listings[external_id]
            self.ids[external_id] = node["id"]
            raw = queries.id_bytes(node["id"])
            if raw is not None:
                self.order_ids[external_id] = raw
                self.report.met["ids made out"] += 1
            self.facts(one, node)
            if one.organization and node["organization"]:
                organizations.setdefault(one.organization, set()).add(node["organization"]["id"])
        for external_id, found in organizations.items():
            check("organizations", len(found) == 1, lambda: f"{external_id}: {found}")
            self.organization_ids[external_id] = min(found)
        check("organizations", len(set(self.organization_ids.values()))
              == len(self.organization_ids), lambda: f"shared ids {self.organization_ids}")
        for one in world.listings.values():
            expected = self.judge.is_open(one)
            check("open", expected == (one.external_id in nodes),
                  lambda: f"expected {'open' if expected else 'not open'}: "
                          f"{self.one(one.external_id)}")
            self.report.met["open" if expected else "not open"] += 1
        for external_id, node in nodes.items():
            expected = self.judge.next_occurrence(world.listings[external_id])
            got = queries.occurrence(node["nextOccurrence"])
            check("nextOccurrence", got == expected, lambda: (
                f"expected {expected and tuple(map(show, expected))}, "
                f"got {got and tuple(map(show, got))} of {self.one(external_id)}"))

    def facts(self, one: Listing, node: dict):
        for name in ("posted", "assured", "expires"):
            told = parse_instant(node[name + "At"])
            if name in one.unsaid:
                expected = {"posted": one.posted, "assured": one.posted,
                            "expires": one.assured + 366 * DAY}[name]
                # when on the day of loading it was loaded only the server knows
                good = (to_local(told).date() == to_local(expected).date()
                        if name == "posted" else told == expected)
            else:
                expected = getattr(one, name)
                good = told == expected
            self.report.check("instants", good, lambda: (
                f"{name}: expected {show(expected)}, got {show(told)} of {one.external_id}"))
            self.report.met[f"{name} not said"] += name in one.unsaid
            setattr(one, name, told)
        got = {
            "kind": node["kind"], "attendance": node["attendance"], "isOpen": node["isOpen"],
            "reachKm": node["reachKm"], "title": node["title"], "task": node["task"] or "",
            "description": node["description"] or "",
            "languages": sorted(node["languages"]), "effortMinutes": node["effortMinutes"],
            "capacity": node["capacity"], "placesLeft": node["placesLeft"],
            "themes": sorted(theme["code"] for theme in node["themes"]),
            "targetGroups": sorted(group["code"] for group in node["targetGroups"]),
            "organization": node["organization"] and node["organization"]["name"],
            "postalCode": node["place"]["postalCode"],
            "town": node["place"]["town"],
            "place": (node["place"]["name"] or "", node["place"]["address"] or ""),
            "precision": node["place"]["precision"],
        }
        centre = self.world.postcodes[one.postal_code]["point"]
        expected = {
            "kind": one.kind, "attendance": one.attendance, "isOpen": True,
            "reachKm": one.reach_km, "title": one.title, "task": one.task,
            "description": one.description, "languages": sorted(one.languages),
            "effortMinutes": None if one.effort is None else one.effort // MINUTE,
            "capacity": one.capacity, "placesLeft": one.capacity,
            "themes": sorted(one.themes), "targetGroups": sorted(one.target_groups),
            "organization": (self.world.organizations[one.organization]["name"]
                             if one.organization else None),
            "postalCode": one.postal_code,
            "town": self.world.postcodes[one.postal_code]["name"],
            "place": ("", "") if one.hidden else (one.place_name, one.address),
            "precision": "POSTCODE" if centre in (one.measured, one.exact) else "EXACT",
        }
        differing = {name: (expected[name], got[name]) for name in expected
                     if expected[name] != got[name]}
        latitude, longitude = node["place"]["latitude"], node["place"]["longitude"]
        if latitude is not None and haversine(one.measured, (latitude, longitude)) > 0.01:
            differing["point"] = (one.measured, (latitude, longitude))
        self.report.check("facts", not differing, lambda: (
            f"{one.external_id}: (expected, got) {differing}"))

    # ---- listings

    def ranker(self, asked: Filter, order: str, found: dict):
        judge = self.judge
        keys = {name: judge.sort_key(asked, order, one) for name, one in found.items()}
        if order == "RELEVANCE":
            tie, likeness = TIE, {n: judge.relevance_parts(asked, o) for n, o in found.items()}
        elif order == "DISTANCE":
            tie, likeness = 1e-6, {n: None if o.remote else o.measured for n, o in found.items()}
        else:
            tie, likeness = 0, keys

        def rank(x, y):
            return ranked(keys[x], keys[y], tie, likeness[x] == likeness[y],
                          self.order_ids.get(x), self.order_ids.get(y))
        return keys, rank

    def query(self, asked: Filter, postcode, order: str, backward: bool, fields):
        met, check = self.report.met, self.report.check
        listing_filter = queries.filter_input(asked, self.organization_ids, postcode)
        bites = Counter()
        found = {one.external_id: one for one in self.judge.find(asked, bites)}
        what = f"{listing_filter} orderBy {order}{' backward' if backward else ''}"
        try:
            edges, totals, complete = self.fetch(listing_filter, order, backward)
            facets = self.api.facets(listing_filter)
        except RuntimeError as error:
            check("answers", False, lambda: f"{what}: {error}")
            return
        check("answers", True, None)
        totals.add(facets.pop("totalCount"))
        check("totalCount", totals == {len(found)},
              lambda: f"{what}: expected {len(found)}, got {totals}")

        got = [edge["node"]["externalId"] for edge in edges]
        keys, rank = self.ranker(asked, order, found)
        if backward:  # of what is not fetched wholly, the end is
            forward_rank, rank = rank, lambda x, y: -forward_rank(x, y)
            faults = order_faults(got[::-1], set(found), rank, complete)
        else:
            faults = order_faults(got, set(found), rank, complete)
        check("lists", not faults, lambda: f"{what}: " + "".join(
            f"\n    {fault}: {ids[:10]} keys {[keys.get(i) for i in ids[:10]]}"
            f"{self.some(ids)}" for fault, ids in faults))

        for edge in edges:
            one = found.get(edge["node"]["externalId"])
            if one is not None:
                expected = km(self.judge.distance(asked, one))
                check("distanceKm", near_enough(edge["distanceKm"], expected), lambda: (
                    f"{what}: expected {expected}, got {edge['distanceKm']} "
                    f"of {self.one(one.external_id)}"))

        wanted = self.judge.facets(asked, found.values())
        wanted["organizations"] = {self.organization_ids.get(one): count
                                   for one, count in wanted["organizations"].items()}
        for name, expected in wanted.items():
            faults = facet_faults(name, facets[name], expected)
            check(f"facets: {name}", not faults, lambda: f"{what}: {'; '.join(faults)}")
        met["organizations beyond the facet"] += (
            len(wanted["organizations"]) > queries.MOST_ORGANIZATIONS)

        self.tally(asked, postcode, order, backward, fields, found, bites, complete)

    def fetch(self, listing_filter: dict, order: str, backward: bool) -> tuple:
        edges, totals, cursor = [], set(), None
        for _ in range(self.max_pages):
            page = self.api.page(listing_filter, order, backward=backward,
                                 **{"before" if backward else "after": cursor})
            totals.add(page["totalCount"])
            edges = page["edges"] + edges if backward else edges + page["edges"]
            info = page["pageInfo"]
            if not info["hasPreviousPage" if backward else "hasNextPage"]:
                return edges, totals, True
            cursor = info["startCursor" if backward else "endCursor"]
            if not page["edges"]:
                raise RuntimeError("an empty page that says there are more")
        return edges, totals, False

    def tally(self, asked, postcode, order, backward, fields, found, bites, complete):
        met = self.report.met
        met["queries"] += 1
        if not found:
            return
        met["queries that found"] += 1
        if len(found) < len(self.judge.open_listings()):
            met["queries that found some but not all"] += 1
        for name in fields:
            met[f"filter {name}"] += 1
        for name, count in bites.items():
            met[f"filter {name} alone kept out"] += count
        if len(fields) > 1:
            met["combined filters"] += 1
        if len(found) > 1:
            met[f"order {order}"] += 1
            met[f"order {order} backward"] += backward
            met[f"order {order} near"] += asked.near is not None
        met["more than a page"] += len(found) > queries.PAGE
        met["lists only begun"] += not complete
        met["near a postcode"] += postcode is not None
        met["near with remote found"] += asked.near is not None and any(
            one.remote for one in found.values())
        if asked.near is not None:
            met["private persons near"] += sum(one.private for one in found.values())
            met["exact places hidden near"] += sum(
                one.exact != one.measured for one in found.values())
        if asked.dates and asked.free_times:
            met["free times within dates"] += 1
        if asked.free_times:
            met["free times to 24:00"] += any(slot.end == 1440 for slot in asked.free_times)
        if asked.dates or asked.free_times:
            for one in found.values():
                self.tally_schedule(one)

    def tally_schedule(self, one: Listing):
        met = self.report.met
        if not one.schedule:
            met["by agreement"] += 1
            return
        rules = [entry for entry in one.schedule if entry.rule]
        met["two rules"] += len(rules) > 1
        met["one-off"] += len(rules) < len(one.schedule)
        met["fortnightly"] += any("INTERVAL=2" in entry.rule for entry in rules)
        low, high = (to_local(instant).date() for instant in self.judge.window)
        met["exceptions in the window"] += any(
            low <= (date(x.year, x.month, x.day)) <= high
            for entry in rules for x in entry.exceptions)
        met["rule across a DST change"] += bool(rules) and len({
            to_local(start).utcoffset()
            for start, _ in self.judge.window_occurrences(one)}) > 1

    # ---- suggestions

    def suggested(self, listing: Listing):
        check, met = self.report.check, self.report.met
        hindrances = Counter()
        expected = {s.listing.external_id: s
                    for s in self.judge.suggestions(listing, hindrances)}
        what = self.one(listing.external_id)
        try:
            got = self.api.suggestions(self.ids[listing.external_id])
        except RuntimeError as error:
            check("answers", False, lambda: f"{what}: {error}")
            return

        def rank(x, y):
            x, y = expected[x], expected[y]
            alike = x.components == y.components and x.metres == y.metres
            if alike or abs(x.score - y.score) > TIE:
                return ranked(-x.score, -y.score, TIE, alike,
                              self.order_ids.get(x.listing.external_id),
                              self.order_ids.get(y.listing.external_id))
            return 0

        complete = len(expected) <= 100
        faults = order_faults([one["id"] for one in got], set(expected), rank, complete)
        if not complete and len(got) != 100:
            faults.append(("number", [str(len(got))]))
        check("suggestions: lists", not faults, lambda: f"for {what}" + "".join(
            f"\n    {fault}: " + "".join(
                f"\n      {self.one(one)}\n        "
                f"{self.why(listing, one, expected)}" for one in ids[:3])
            for fault, ids in faults))
        for one in got:
            wanted = expected.get(one["id"])
            if wanted is None:
                continue
            pair = lambda: f"{what}\n    with {self.one(one['id'])}"
            check("suggestions: score", near_enough(one["score"], wanted.score, 1e-6, 1e-6),
                  lambda: f"expected {wanted.score} of {wanted.components}, got {one['score']} "
                          f"of {one['components']}\n    {pair()}")
            check("suggestions: distanceKm", near_enough(one["km"], km(wanted.metres)),
                  lambda: f"expected {km(wanted.metres)}, got {one['km']}\n    {pair()}")
            names = set(one["components"]) | set(wanted.components)
            for name in sorted(names):
                a, b = one["components"].get(name), wanted.components.get(name)
                check(f"component {name}", near_enough(a, b, 1e-6, 1e-6),
                      lambda: f"{name}: expected {b}, got {a}\n    {pair()}")
            total = sum(one["weights"].values())
            mean = total and sum(one["weights"][name] * value
                                 for name, value in one["components"].items()) / total
            check("reasons explain the score", near_enough(mean, one["score"], 1e-6, 1e-6),
                  lambda: f"weighted mean {mean}, score {one['score']} of {one}\n    {pair()}")
            clarify = queries.clarify_of(wanted.clarify)
            check("toClarify", one["clarify"] == clarify,
                  lambda: f"expected {clarify}, got {one['clarify']}\n    {pair()}")
            self.tally_pair(listing, wanted)
        met["suggestion lists"] += 1
        met["suggestion lists that held some"] += bool(expected)
        met["suggestion lists only begun"] += not complete
        for name in ("target group", "requirement", "place", "time", "sides"):
            met[f"pairs kept out by {name}"] += hindrances[name]

    def why(self, listing, other_id, expected) -> str:
        if other_id in expected:
            one = expected[other_id]
            return f"expected score {one.score} of {one.components}, {one.metres} m"
        other = self.world.listings.get(other_id)
        return f"expected out by {self.judge.hindrance(listing, other)}" if other else ""

    def tally_pair(self, listing: Listing, wanted):
        met, other = self.report.met, wanted.listing
        sides = (listing, other)
        met["suggested pairs"] += 1
        for name, value in wanted.components.items():
            met[f"component {name}"] += 1
            met[f"component {name} between 0 and 1"] += 0 < value < 1
        if "language" in wanted.components:
            met[f"language in common {'yes' if wanted.components['language'] else 'no'}"] += 1
        met["remote pairs"] += wanted.metres is None
        met["pairs within a reach"] += wanted.metres is not None and any(
            one.reach_km is not None and one.attendance in ("I_TRAVEL", "EITHER")
            for one in sides)
        met["pairs by agreement"] += any(not one.schedule for one in sides)
        met["pairs with a private person"] += any(one.private for one in sides)
        met["pairs with something to clarify"] += bool(wanted.clarify)
        met["pairs over a line of themes"] += wanted.components["theme"] < 1
        if "time" in wanted.components:
            judge = self.judge
            met["pairs whose effort decides"] += (
                judge.meetings(*sides) != judge.meetings(*sides, None))
            efforts = {one.effort for one in sides} - {None}
            met["pairs whose longer effort decides"] += len(efforts) == 2 and (
                judge.meetings(*sides) != judge.meetings(*sides, min(efforts)))
            for one in sides:
                self.tally_schedule(one)

    # ---- occurrences

    def occurring(self, listing: Listing):
        """The next times, a hundred of them: rules, exceptions and the changes of the hour."""
        expected = self.judge.occurrences(listing)[:100]
        try:
            got = self.api.occurrences(self.ids[listing.external_id])
        except RuntimeError as error:
            self.report.check("answers", False, lambda: f"{listing.external_id}: {error}")
            return
        tell = lambda of: [tuple(map(show, one)) for one in of[:3]]
        self.report.check("occurrences", got == expected, lambda: (
            f"missing {tell([one for one in expected if one not in got])}, "
            f"unexpected {tell([one for one in got if one not in expected])}, "
            f"{len(got)} of {len(expected)} of {self.one(listing.external_id)}"))
        self.report.met["occurrences"] += len(expected)

    # ---- similar listings

    def similar(self, listing: Listing):
        check, met = self.report.check, self.report.met
        all_near = {s.listing.external_id: s for s in self.judge.similar(listing, 0.5 - TIE)}
        what = self.one(listing.external_id)
        try:
            got = self.api.similar(self.ids[listing.external_id])
        except RuntimeError as error:
            check("answers", False, lambda: f"{what}: {error}")
            return
        told = {one["id"] for one in got}
        # what is 0.5 but for the last bits may be told or not
        expected = {name: s for name, s in all_near.items()
                    if s.similarity > 0.5 + TIE or name in told}

        def rank(x, y):
            x, y = expected[x], expected[y]
            return ranked(-x.similarity, -y.similarity, TIE, x.parts == y.parts,
                          self.order_ids.get(x.listing.external_id),
                          self.order_ids.get(y.listing.external_id))

        complete = len(expected) <= 100
        faults = order_faults([one["id"] for one in got], set(expected), rank, complete)
        if not complete and len(got) != 100:
            faults.append(("number", [str(len(got))]))
        check("similar: lists", not faults, lambda: f"to {what}" + "".join(
            f"\n    {fault}: " + "".join(
                f"\n      {self.one(one)}\n        expected {one in expected and expected[one].parts}"
                for one in ids[:3]) for fault, ids in faults))
        for one in got:
            wanted = expected.get(one["id"])
            if wanted is None:
                continue
            check("similar: similarity", near_enough(one["similarity"], wanted.similarity,
                                                     1e-6, 1e-6),
                  lambda: f"expected {wanted.similarity} of {wanted.parts}, got "
                          f"{one['similarity']} of {self.one(one['id'])}\n    to {what}")
            check("similar: distanceKm", near_enough(one["km"], km(wanted.metres)),
                  lambda: f"expected {km(wanted.metres)}, got {one['km']} of "
                          f"{self.one(one['id'])}\n    to {what}")
            met["similar pairs"] += 1
            met["similar remote pairs"] += wanted.metres is None
            met["similar pairs apart"] += bool(wanted.metres)

    # ---- all of it

    def run(self, seed: int, number_of_queries: int, number_of_suggestions: int):
        rng = random.Random(seed)
        self.join()
        asker = Asker(self.judge, rng)
        for number in range(number_of_queries):
            fields = self.fields(number, rng, bool(asker.organizations))
            asked, postcode = asker.make(fields)
            order = rng.choice(ORDERS[1:])
            if "near" in fields and rng.random() < 0.5:
                order = "DISTANCE"
            self.query(asked, postcode, order, rng.random() < 0.3, fields)
        known = [one for one in self.judge.open_listings() if one.external_id in self.ids]
        for one in rng.sample(known, min(len(known), number_of_suggestions)):
            self.suggested(one)
            self.similar(one)
            self.occurring(one)

    @staticmethod
    def fields(number: int, rng: random.Random, organizations: bool) -> list:
        """Round by round: no filter, each field alone, then as many of several fields."""
        cycle = len(FIELDS) + 1
        if number // cycle % 2 == 0:
            return [] if number % cycle == 0 else [FIELDS[number % cycle - 1]]
        first = FIELDS[number % len(FIELDS)]
        others = [name for name in FIELDS if name != first]
        more = rng.sample(others, rng.choice((1, 1, 1, 2, 2, 3, 4)))
        if number % 3 == 0 and "near" not in (first, *more):
            more.append("near")
        if first == "freeTimes" and "dates" not in more and rng.random() < 0.7:
            more.append("dates")
        return [first, *more]


def needed(number_of_queries: int, number_of_suggestions: int) -> dict:
    """What a run must have met, and how often, to prove something."""
    least = {}
    if number_of_queries:
        few = max(1, number_of_queries // 60)
        for name in FIELDS:
            least[f"filter {name}"] = few
            least[f"filter {name} alone kept out"] = few
        for order in ORDERS:
            least[f"order {order}"] = few
            least[f"order {order} backward"] = 1
            least["order RELEVANCE near"] = 1
        least |= {name: 1 for name in (
            "combined filters", "more than a page", "near a postcode", "near with remote found",
            "private persons near", "free times within dates", "free times to 24:00")}
        least["queries that found"] = number_of_queries // 2
        least["queries that found some but not all"] = number_of_queries // 3
    if number_of_suggestions:
        for name in COMPONENTS:
            least[f"component {name}"] = 1
            if name != "language":
                least[f"component {name} between 0 and 1"] = 1
        least |= {name: 1 for name in (
            "language in common yes", "language in common no", "remote pairs",
            "pairs within a reach", "pairs by agreement", "pairs with a private person",
            "pairs with something to clarify", "pairs whose effort decides",
            "pairs over a line of themes", "pairs kept out by target group",
            "pairs kept out by requirement", "pairs kept out by place", "pairs kept out by time",
            "pairs kept out by sides", "similar pairs", "similar pairs apart",
            "similar remote pairs")}
    if number_of_queries or number_of_suggestions:
        least |= {name: 1 for name in FEATURES}
        least |= {"by agreement": 1, "ids made out": 1, "open": 2}
    return least


def conclude(report: Report, least: dict, waived: set, lists: int) -> int:
    """Prints all and tells the exit code."""
    print("compared:")
    for kind in sorted(report.compared):
        print(f"  {kind}: {report.compared[kind]} compared, {report.different[kind]} different")
    print("met:")
    for name in sorted(set(report.met) | set(least)):
        print(f"  {name}: {report.met[name]}"
              + (f" (at least {least[name]})" if name in least else ""))
    poor = [f"{name}: {report.met[name]} of at least {count}" for name, count in least.items()
            if report.met[name] < count]
    held = report.met["suggestion lists that held some"]
    if lists and held * 4 < report.met["suggestion lists"]:
        poor.append(f"suggestion lists that held some: {held} of "
                    f"{report.met['suggestion lists']}, less than a quarter")
    for text in poor:
        waive = text.split(":")[0] in waived
        print(f"{'waived' if waive else 'TOO POOR'}: {text}")
    poor = [text for text in poor if text.split(":")[0] not in waived]
    if report.first:
        print("the first differences of each kind:")
        for text in report.first:
            print("  " + text)
    different = sum(report.different.values())
    compared = sum(report.compared.values())
    print(f"{compared} comparisons, {different} differences"
          + (f", too poor in {len(poor)} respects" if poor else ""))
    return 1 if different or poor else 0


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m oracle.compare")
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", action="append", default=[], type=Path,
                        help="folder with listings.csv …")
    parser.add_argument("--moved", action="append", default=[], type=Path,
                        help="the same with demo dates")
    for name in ("themes", "target-groups", "postcodes", "weights"):
        parser.add_argument("--" + name, type=Path, help="file; by default that in seed/data")
    parser.add_argument("--now", required=True, help="the instant at which the server stands")
    parser.add_argument("--loaded", type=date.fromisoformat,
                        help="the local date of loading; else that of now")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--suggestions", type=int, default=300)
    parser.add_argument("--max-pages", type=int, default=20,
                        help="of a longer list only so many pages are fetched")
    parser.add_argument("--need", action="append", default=[], metavar="NAME",
                        help="something else that must be met, such as 'not open'")
    parser.add_argument("--waive", action="append", default=[], metavar="NAME",
                        help="something that need not be met, such as 'rule across a DST change'")
    given = parser.parse_args(arguments)
    now = parse_instant(given.now)
    loaded = given.loaded or to_local(now).date()
    began = time.monotonic()
    world = join_worlds([
        read_world(folder, loaded, folder in given.moved, given.themes, given.target_groups,
                   given.postcodes, given.weights) for folder in given.data + given.moved])
    judge = Judge(world, now)
    report, api = Report(), queries.Api(given.url)
    Comparison(api, judge, report, given.max_pages).run(
        given.seed, given.queries, given.suggestions)
    least = needed(given.queries, given.suggestions) | dict.fromkeys(given.need, 1)
    code = conclude(report, least, set(given.waive), given.suggestions)
    print(f"seed {given.seed}, {api.requests} requests, {time.monotonic() - began:.1f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
