"""Does the comparison find what is wrong? A stand-in for the API answers from a judge of its own,
rightly and then with one fault after another: python -m unittest oracle.test_compare"""

import contextlib
import io
import tempfile
import unittest
import uuid
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest import mock

from . import compare, judge as judging, queries, sample
from .facts import parse_instant, read_world, to_local
from .judge import Filter, Judge

NOW = parse_instant("2026-03-16T10:20:30+01:00")  # two weeks before the clocks change
LOADED = date(2026, 3, 16)


def iso(instant):
    return to_local(instant).isoformat()


class StandIn(queries.Api):
    """Answers the documents of queries.py by their names."""

    def __init__(self, judge: Judge):
        super().__init__("")
        self.judge = judge
        self.uuids = {name: uuid.uuid5(uuid.NAMESPACE_URL, name) for name in judge.world.listings}
        self.by_uuid = {str(value): judge.world.listings[name]
                        for name, value in self.uuids.items()}

    def identity(self, one):
        return self.uuids[one.external_id].bytes

    def filter(self, given: dict) -> Filter:
        near = given.get("near", {})
        point = near.get("point")
        return Filter(
            near=None if not near else (point["latitude"], point["longitude"]) if point
            else self.judge.world.postcodes[near["postalCode"]]["point"],
            radius_km=near.get("radiusKm", 0), include_remote=near.get("includeRemote", False),
            kinds=given.get("kinds"), themes=given.get("themes"),
            target_groups=given.get("targetGroups"), languages=given.get("languages"),
            attendance=given.get("attendance"), text=given.get("text"),
            organizations=given.get("organizations") and [
                one.removeprefix("O:") for one in given["organizations"]],
            dates=given.get("dates") and tuple(
                date.fromisoformat(given["dates"][name]) for name in ("from", "to")),
            free_times=given.get("freeTimes") and [
                queries.free_time(slot) for slot in given["freeTimes"]])

    def ask(self, document, **given):
        self.requests += 1
        name = document.split()[1].split("(")[0]
        return getattr(self, name)(**{key: v for key, v in given.items() if v is not None})

    def node(self, one):
        coming = self.judge.next_occurrence(one)
        minutes = one.effort and one.effort // 60_000_000
        return {"id": str(self.uuids[one.external_id]), "externalId": one.external_id,
                "kind": one.kind, "isOpen": True, "attendance": one.attendance,
                "reachKm": one.reach_km, "postedAt": iso(one.posted),
                "assuredAt": iso(one.assured), "expiresAt": iso(one.expires),
                "title": one.title, "task": one.task, "description": one.description,
                "languages": list(one.languages), "effortMinutes": minutes,
                "capacity": one.capacity, "placesLeft": one.capacity,
                "themes": [{"code": code} for code in one.themes],
                "targetGroups": [{"code": code} for code in one.target_groups],
                "organization": None if one.private else {
                    "id": "O:" + one.organization,
                    "name": self.judge.world.organizations[one.organization]["name"]},
                "place": {"latitude": one.measured[0], "longitude": one.measured[1],
                          "precision": "EXACT" if one.measured == one.exact != self.judge.world.postcodes[
                              one.postal_code]["point"] else "POSTCODE",
                          "name": None if one.hidden else one.place_name or None,
                          "address": None if one.hidden else one.address or None,
                          "postalCode": one.postal_code,
                          "town": self.judge.world.postcodes[one.postal_code]["name"]},
                "nextOccurrence": coming and {"start": iso(coming[0]), "end": iso(coming[1])}}

    def All(self, first, after="0"):
        found = self.judge.listings(Filter(), "NEWEST", self.identity)
        end = int(after) + first
        return {"listings": {"nodes": [self.node(one) for one in found[int(after):end]],
                             "pageInfo": {"hasNextPage": end < len(found),
                                          "endCursor": str(end)}}}

    def Pages(self, filter, orderBy, first=0, after="0", last=0, before=None):
        asked = self.filter(filter)
        found = self.judge.listings(asked, orderBy, self.identity)
        low, high = int(after), int(after) + first
        if last:
            high = len(found) if before is None else int(before)
            low = max(0, high - last)
        km = lambda metres: None if metres is None else metres / 1000
        return {"listings": {
            "totalCount": len(found),
            "edges": [{"cursor": "", "node": {"externalId": one.external_id},
                       "distanceKm": km(self.judge.distance(asked, one))}
                      for one in found[low:high]],
            "pageInfo": {"hasNextPage": high < len(found), "hasPreviousPage": low > 0,
                         "startCursor": str(low), "endCursor": str(high)}}}

    def Facets(self, filter):
        asked = self.filter(filter)
        found = self.judge.find(asked)
        facets = self.judge.facets(asked, found)
        facets["organizations"] = dict(self.told(facets["organizations"]))
        rank = lambda item: (-item[1] if item[0] not in judging.WEEKDAYS
                             else judging.WEEKDAYS.index(item[0]))
        rows = lambda name, key: [key(value) | {"count": count}
                                  for value, count in sorted(facets[name].items(), key=rank)]
        return {"listings": {"totalCount": len(found), "facets": {
            "themes": rows("themes", lambda v: {"theme": {"code": v}}),
            "kinds": rows("kinds", lambda v: {"kind": v}),
            "organizations": rows("organizations", lambda v: {"organization": {"id": "O:" + v}}),
            "weekdays": rows("weekdays", lambda v: {"weekday": v})}}}

    def told(self, organizations):
        return Counter(organizations).most_common(queries.MOST_ORGANIZATIONS)

    def Occurrences(self, id):
        return {"node": {"occurrences": [
            {"start": iso(start), "end": iso(end)}
            for start, end in self.judge.occurrences(self.by_uuid[id])[:100]]}}

    def Suggestions(self, id):
        found = self.judge.suggestions(self.by_uuid[id])
        inf = float("inf")
        found.sort(key=lambda s: (-s.score, inf if s.metres is None else s.metres,
                                  self.identity(s.listing)))
        return {"node": {"suggestedMatches": [{
            "listing": {"externalId": s.listing.external_id}, "score": s.score,
            "distanceKm": None if s.metres is None else s.metres / 1000,
            "reasons": [{"component": name.upper(), "value": value,
                         "weight": self.judge.world.weights[name]}
                        for name, value in s.components.items()],
            "toClarify": sorted({name.upper() for _, name in s.clarify})}
            for s in found[:100]]}}

    def Similar(self, id):
        found = self.judge.similar(self.by_uuid[id])
        found.sort(key=lambda s: (-s.similarity, self.identity(s.listing)))
        return {"node": {"similarListings": [{
            "listing": {"externalId": s.listing.external_id}, "similarity": s.similarity,
            "distanceKm": None if s.metres is None else s.metres / 1000} for s in found[:100]]}}


class TestCompare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        sample.write(Path(cls.folder.name), 400, 7, date(2026, 1, 5))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def world(self):
        return read_world(Path(self.folder.name), LOADED, True)

    def compare(self, stand_in, number_of_queries=132, number_of_suggestions=120):
        report = compare.Report()
        compare.Comparison(stand_in, Judge(self.world(), NOW), report).run(
            3, number_of_queries, number_of_suggestions)
        return report

    def test_agrees_and_proves(self):
        report = self.compare(StandIn(Judge(self.world(), NOW)))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = compare.conclude(report, compare.needed(132, 120), set(), 120)
        self.assertEqual(code, 0, out.getvalue())

    def test_nothing_proves_nothing(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(compare.conclude(
                compare.Report(), compare.needed(300, 300), set(), 300), 1)

    def fault(self, kind, judge=None, stand_in=StandIn, world=None):
        """With the fault there must be differences of that kind."""
        of_pairs = kind.split()[0] in ("suggestions:", "similar:", "component", "toClarify",
                                       "occurrences")
        report = self.compare(stand_in((judge or Judge)(world or self.world(), NOW)),
                              *(0, 240) if of_pairs else (220, 0))
        self.assertTrue(report.different[kind], report.different)

    def test_filters(self):
        class NoRemote(Judge):
            def find(self, asked, bites=None):
                return [one for one in super().find(asked) if not (asked.near and one.remote)]
        self.fault("totalCount", NoRemote)

        class SlotsApart(Judge):
            def fits_free_times(self, listing, intervals):
                return super().fits_free_times(
                    listing, [(low + 1, high) for low, high in intervals])
        self.fault("totalCount", SlotsApart)

        class WithinOnly(Judge):  # the effort alone is not enough
            def fits_free_times(self, listing, intervals):
                return not listing.schedule or any(
                    judging.within(o, free) for o in self.occurrences(listing)
                    for free in intervals)
        self.fault("lists", WithinOnly)

        class Infix(Judge):
            def word_value(self, listing, word):
                return max((judging.FIELD_WEIGHTS[name] for name, found
                            in self.field_words(listing).items()
                            if any(word in one for one in found)), default=0)
        self.fault("totalCount", Infix)

    def test_facets_and_orders(self):
        class NoAncestors(Judge):
            def facets(self, asked, found):
                found = list(found)
                return super().facets(asked, found) | {
                    "themes": Counter(code for one in found for code in one.themes)}
        self.fault("facets: themes", NoAncestors)

        class WindowDays(Judge):
            def facets(self, asked, found):
                return super().facets(Filter(), found)
        self.fault("facets: weekdays", WindowDays)

        class LeastFirst(StandIn):
            def told(self, organizations):
                return Counter(organizations).most_common()[::-1][:queries.MOST_ORGANIZATIONS]
        with mock.patch.object(queries, "MOST_ORGANIZATIONS", 5):
            report = self.compare(StandIn(Judge(self.world(), NOW)), 22, 0)
            self.assertFalse(report.different["facets: organizations"], report.first)
            self.assertTrue(report.met["organizations beyond the facet"])
            self.fault("facets: organizations", stand_in=LeastFirst)

        class Backwards(StandIn):
            def identity(self, one):
                return tuple(-byte for byte in super().identity(one))
        self.fault("lists", stand_in=Backwards)

        class StartOfAll(Judge):
            def sort_key(self, asked, order, listing):
                return super().sort_key(Filter() if order == "START" else asked, order, listing)
        self.fault("lists", StartOfAll)

        class Relevance(Judge):
            def relevance_parts(self, asked, listing):
                return tuple((weight, value) for weight, value in
                             super().relevance_parts(asked, listing) if value)
        self.fault("lists", Relevance)

    def test_time(self):
        world = self.world()
        for one in world.listings.values():
            one.schedule = tuple(replace(e, exceptions=frozenset()) for e in one.schedule)
        self.fault("nextOccurrence", world=world)

        class Fixed(Judge):  # as if the hour never changed
            def occurrences(self, listing):
                known = super().occurrences(listing)
                change = parse_instant("2026-03-29T01:00Z")
                return [(s + 3_600_000_000, e + 3_600_000_000) if s >= change else (s, e)
                        for s, e in known]
        self.fault("lists", Fixed)
        self.fault("occurrences", Fixed)

        class ShorterEffort(Judge):
            def meetings(self, listing, other, *effort):
                keep = judging.pair_effort
                judging.pair_effort = lambda a, b: min(
                    (x.effort for x in (a, b) if x.effort is not None), default=None)
                try:
                    return super().meetings(listing, other, *effort)
                finally:
                    judging.pair_effort = keep
        self.fault("suggestions: lists", ShorterEffort)

    def test_pairs(self):
        class Siblings(Judge):
            def closeness(self, a, b):
                common = [code for code in self.lines[a] if code in self.lines[b]]
                return common and 2 * len(self.lines[common[0]]) / (
                    len(self.lines[a]) + len(self.lines[b])) or None
        self.fault("suggestions: lists", Siblings)
        world = self.world()
        for one in world.listings.values():
            one.reach_km = None
        self.fault("suggestions: lists", world=world)
        world = self.world()
        for one in world.listings.values():
            one.measured = one.exact
        self.fault("suggestions: distanceKm", world=world)
        world = self.world()
        world.weights["time"] = 0.21
        self.fault("suggestions: score", world=world)

        class OwnToo(Judge):
            def same_side(self, a, b):
                return False
        self.fault("suggestions: lists", OwnToo)

        class Refusing(Judge):
            @staticmethod
            def refused(asking, other):
                return False
        self.fault("suggestions: lists", Refusing)

        class OneWay(Judge):
            def suggestions(self, listing, hindrances=None):
                found = super().suggestions(listing)
                for one in found:
                    one.clarify = frozenset(c for c in one.clarify if c[0] == listing.external_id)
                return found
        self.fault("toClarify", OneWay)

        class Language(Judge):
            def components(self, a, b):
                values = super().components(a, b)
                if not (a.languages and b.languages):
                    values.pop("language", None)
                return values
        self.fault("component language", Language)

    def test_similar(self):
        class Far(Judge):
            def similar(self, listing, least=0.5):
                return [one for one in super().similar(listing, least)
                        if one.metres is None or one.metres <= 2000]
        self.fault("similar: lists", Far)


if __name__ == "__main__":
    unittest.main()
