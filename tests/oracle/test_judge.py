"""Hand-computed cases for the judge itself: python -m unittest oracle.test_judge"""

import csv
import math
import tempfile
import unittest
from datetime import date, datetime
from pathlib import Path

from . import facts
from .facts import DAY, MINUTE, Listing, World, parse_instant, parse_schedule
from .judge import (Filter, FreeTime, Judge, fits_in_place, free_intervals, haversine,
                    meet, travels, words)

HOUR = 60 * MINUTE
THEMES = {"social": {"parent": "", "label_da": "Socialt", "label_en": "Social"},
          "social.visit": {"parent": "social", "label_da": "Besøgsven", "label_en": "Visiting"},
          "social.meal": {"parent": "social", "label_da": "Spisefællesskab", "label_en": "Meals"},
          "nature": {"parent": "", "label_da": "Natur", "label_en": "Nature"}}
WEIGHTS = {"theme": 0.35, "distance": 0.25, "time": 0.20, "language": 0.10, "urgency": 0.05,
           "freshness": 0.05}
HERE = (55.0, 10.0)
DEGREE = 6_371_008.8 * math.pi / 180  # metres of one degree of latitude: 111,195.08


def at(text):
    return parse_instant(text)


class Case(unittest.TestCase):
    now = "2026-01-05T12:00+01:00"  # a Monday

    def setUp(self):
        self.world = World(THEMES, {}, {"5000": {"name": "Odense C", "point": HERE}},
                           {f"org{n}": {"name": f"Forening {n}"} for n in range(9)}, {}, {},
                           WEIGHTS)
        self.judge = Judge(self.world, at(self.now))

    def add(self, external_id, schedule="", **given):
        values = dict(kind="NEED", organization="org1", themes=("social",), postal_code="5000",
                      exact=HERE, measured=HERE, attendance="AT_MY_PLACE",
                      posted=at("2026-01-05T00:00+01:00"), assured=at("2026-01-05T12:00+01:00"),
                      expires=at("2027-01-05T00:00+01:00"), title="t", task="k")
        values.update(given)
        one = Listing(external_id=external_id, schedule=parse_schedule(schedule), **values)
        self.world.listings[external_id] = one
        return one

    def pair(self, offer, need):
        """An offer that travels without limit and a need of two organizations."""
        return (self.add("offer", **({"kind": "OFFER", "organization": "org2",
                                      "attendance": "I_TRAVEL"} | offer)),
                self.add("need", **need))

    def starts(self, one):
        return [facts.show(start) for start, _ in self.judge.occurrences(one)]

    def ids(self, **asked):
        return sorted(one.external_id for one in self.judge.find(Filter(**asked)))


class Schedules(Case):
    def test_gap_and_fold(self):
        self.assertEqual(at("2026-03-29T02:30"), at("2026-03-29T01:30Z"))  # 03:30 summer time
        self.assertEqual(at("2026-10-25T02:30"), at("2026-10-25T00:30Z"))  # the first
        self.assertEqual(at("2026-10-25T03:00"), at("2026-10-25T02:00Z"))

    def test_weekly_rule_keeps_its_local_time(self):
        self.judge = Judge(self.world, at("2026-03-21T12:00+01:00"))
        one = self.add("a", "2026-01-04T02:30/PT1H RRULE:FREQ=WEEKLY;UNTIL=20260405")
        self.assertEqual(self.starts(one), ["2026-03-22T02:30:00+01:00",
                                            "2026-03-29T03:30:00+02:00",
                                            "2026-04-05T02:30:00+02:00"])

    def test_duration_is_exact_over_the_change(self):
        self.judge = Judge(self.world, at("2026-10-20T12:00+02:00"))
        one = self.add("a", "2026-10-25T01:00/PT4H")
        (_, end), = self.judge.occurrences(one)
        self.assertEqual(facts.show(end), "2026-10-25T04:00:00+01:00")
        two = self.add("b", "2026-10-24T12:00/P1D")
        (_, end), = self.judge.occurrences(two)
        self.assertEqual(facts.show(end), "2026-10-25T11:00:00+01:00")

    def test_exceptions(self):
        one = self.add("a", "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY;COUNT=5 "
                            "EXDATE:2026-01-13,2026-01-20T14:00,2026-01-27T13:00,20260203T140000")
        self.assertEqual(self.starts(one), ["2026-01-06T14:00:00+01:00",
                                            "2026-01-27T14:00:00+01:00"])

    def test_exception_is_of_its_own_rule_and_of_the_start(self):
        one = self.add("a", "2026-01-06T23:00/PT2H RRULE:FREQ=WEEKLY;COUNT=2 EXDATE:2026-01-07|"
                            "2026-01-06T14:00/PT1H RRULE:FREQ=WEEKLY;COUNT=2 EXDATE:2026-01-13")
        self.assertEqual(self.starts(one), ["2026-01-06T14:00:00+01:00",
                                            "2026-01-06T23:00:00+01:00",
                                            "2026-01-13T23:00:00+01:00"])

    def test_fortnight_and_horizon(self):
        one = self.add("a", "2025-12-23T10:00/PT1H RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH")
        self.assertEqual(self.starts(one)[:4],
                         ["2026-01-06T10:00:00+01:00", "2026-01-08T10:00:00+01:00",
                          "2026-01-20T10:00:00+01:00", "2026-01-22T10:00:00+01:00"])
        last = self.judge.occurrences(one)[-1][0]
        self.assertLess(last, at(self.now) + 366 * DAY)
        self.assertGreater(last, at(self.now) + 352 * DAY)

    def test_until_in_utc(self):
        one = self.add("a", "2026-01-06T14:00/PT1H RRULE:FREQ=DAILY;UNTIL=20260107T130000Z")
        self.assertEqual(len(self.starts(one)), 2)  # 13:00 UTC is 14:00 local, included
        two = self.add("b", "2026-01-06T14:00/PT1H RRULE:FREQ=DAILY;UNTIL=20260107T125900Z")
        self.assertEqual(len(self.starts(two)), 1)

    def test_shift(self):
        self.assertEqual(facts.weeks_to(date(2026, 1, 11)), 0)
        self.assertEqual(facts.weeks_to(date(2026, 1, 12)), 1)
        self.assertEqual(facts.weeks_to(date(2026, 11, 23)), 46)
        entry, = parse_schedule("2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY;UNTIL=20260120 "
                                "EXDATE:2026-01-13", 2)
        self.assertEqual(entry.start, datetime(2026, 1, 20, 14))
        self.assertEqual(entry.until, datetime(2026, 2, 3, 23, 59, 59))
        self.assertEqual(entry.exceptions, {date(2026, 1, 27)})

    def test_durations(self):
        self.assertEqual(facts.parse_duration("PT1H30M"), 90 * MINUTE)
        self.assertEqual(facts.parse_duration("P1DT2H"), 26 * HOUR)
        with self.assertRaises(ValueError):
            facts.parse_duration("P")


class Open(Case):
    def test_open(self):
        self.assertTrue(self.judge.is_open(self.add("a")))
        self.assertFalse(self.judge.is_open(self.add("b", expires=at(self.now))))
        self.assertTrue(self.judge.is_open(self.add("c", expires=at(self.now) + 1)))
        self.assertFalse(self.judge.is_open(self.add("d", "2026-01-05T11:00/PT1H")))
        self.assertTrue(self.judge.is_open(self.add("e", "2026-01-05T11:00/PT1H1M")))
        self.assertFalse(self.judge.is_open(self.add("f", "2027-02-05T11:00/PT1H")))
        self.assertTrue(self.judge.is_open(self.add("h", "2027-01-06T12:00/PT1H")))  # 366 days
        self.assertFalse(self.judge.is_open(self.add("i", "2027-01-06T12:01/PT1H")))
        self.assertFalse(self.judge.is_open(self.add(
            "g", "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY;COUNT=1 EXDATE:2026-01-06")))


class Place(Case):
    def test_haversine(self):
        self.assertAlmostEqual(haversine((55, 10), (56, 10)), DEGREE, places=4)
        self.assertAlmostEqual(haversine((0, 0), (0, 90)), 6_371_008.8 * math.pi / 2, places=4)
        # sin²(Δφ/2) of 60° along a meridian
        self.assertAlmostEqual(haversine((0, 0), (60, 0)), 60 * DEGREE, places=4)

    def test_reach(self):
        metres = haversine((55, 10), (55.1, 10))
        offer, need = self.pair({"measured": (55.1, 10.0), "reach_km": metres / 1000}, {})
        offer.reach_km = math.nextafter(metres / 1000, 99)  # exactly, but for the last bit
        self.assertTrue(fits_in_place(offer, need))
        offer.reach_km = metres / 1000 - 1e-9
        self.assertFalse(fits_in_place(offer, need))
        need.attendance = "EITHER"  # no reach: no limit
        self.assertTrue(fits_in_place(offer, need))
        need.reach_km = 1.0
        self.assertFalse(fits_in_place(offer, need))
        offer.attendance = "REMOTE"
        self.assertTrue(fits_in_place(offer, need))

    def test_reach_nothing_at_no_distance(self):
        offer, need = self.pair({"reach_km": 0.0}, {})
        self.assertTrue(fits_in_place(offer, need))

    def test_two_that_stay(self):
        offer, need = self.pair({"attendance": "AT_MY_PLACE"}, {})
        self.assertFalse(travels(offer))
        self.assertFalse(fits_in_place(offer, need))


class Meeting(Case):
    def meets(self, a, b, effort=None):
        hours = lambda pair: tuple(self.judge.now + int(h * HOUR) for h in pair)
        both = [meet(x, y, self.judge.window, effort and effort * MINUTE)
                for x, y in ((hours(a), hours(b)), (hours(b), hours(a)))]
        self.assertEqual(*both)
        return both[0]

    def test_meet(self):
        end = 56 * 24
        self.assertTrue(self.meets((1, 3), (1, 3)))
        self.assertTrue(self.meets((1, 3), (0, 5)))
        self.assertFalse(self.meets((1, 3), (2, 4)))
        self.assertTrue(self.meets((1, 3), (2, 4), 60))
        self.assertFalse(self.meets((1, 3), (2, 4), 61))
        self.assertFalse(self.meets((-1, 3), (-2, 4)))  # the inner one has begun
        self.assertTrue(self.meets((-1, 3), (-2, 4), 180))
        self.assertFalse(self.meets((-1, 3), (-2, 4), 181))
        self.assertTrue(self.meets((0, 3), (-2, 4)))
        self.assertTrue(self.meets((end - 2, end), (end - 2, end + 3)))
        self.assertFalse(self.meets((end - 2, end + 1), (end - 2, end + 3)))
        self.assertTrue(self.meets((end - 2, end + 1), (end - 2, end + 3), 120))
        self.assertFalse(self.meets((1, 3), (3, 4)))

    def test_longer_effort_counts(self):
        offer, need = self.pair({"schedule": "2026-01-06T14:00/PT2H", "effort": HOUR},
                                {"schedule": "2026-01-06T15:00/PT2H", "effort": HOUR + MINUTE})
        self.assertFalse(self.judge.fits_in_time(offer, need))
        need.effort = 30 * MINUTE
        self.assertTrue(self.judge.fits_in_time(offer, need))

    def test_share(self):
        offer, need = self.pair(
            {"schedule": "2026-01-06T13:00/PT4H RRULE:FREQ=WEEKLY;INTERVAL=2"},
            {"schedule": "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY"})
        # Tuesdays 6 January to 24 February are eight; 6 and 20 January, 3 and 17 February meet.
        self.assertEqual(self.judge.meetings(need, offer), (4, 8))
        self.assertEqual(self.judge.meetings(offer, need), (4, 4))

    def test_across_the_change_of_hour(self):
        self.judge = Judge(self.world, at("2026-03-20T12:00+01:00"))
        offer, need = self.pair({"schedule": "2026-03-29T01:00/PT2H"},  # 01:00 to 04:00 summer
                                {"schedule": "2026-03-29T02:30/PT30M"})  # 03:30 to 04:00
        self.assertTrue(self.judge.fits_in_time(offer, need))

    def test_by_agreement_fits(self):
        offer, need = self.pair({"schedule": "2026-01-06T13:00/PT4H"}, {})
        self.assertTrue(self.judge.fits_in_time(offer, need))


class Pairs(Case):
    def test_hindrances(self):
        offer, need = self.pair({}, {})
        self.assertIsNone(self.judge.hindrance(offer, need))

        def hindered(by, side, **values):
            before = {name: getattr(side, name) for name in values}
            for name, value in values.items():
                setattr(side, name, value)
            self.assertEqual(self.judge.hindrance(offer, need), by)
            self.assertEqual(self.judge.hindrance(need, offer), by)
            for name, value in before.items():
                setattr(side, name, value)

        hindered("kind", need, kind="OFFER")
        hindered("kind", offer, kind="WISH")
        hindered(None, need, kind="WISH")
        hindered("theme", need, themes=("nature",))
        hindered(None, need, themes=("nature", "social.meal"))
        hindered("sides", need, organization="org2")
        hindered(None, need, organization=None)
        hindered("full", need, capacity=0)
        hindered("place", offer, attendance="AT_MY_PLACE")
        offer.target_groups = frozenset({"children"})
        hindered(None, need, target_groups=frozenset())
        hindered("target group", need, target_groups=frozenset({"elderly"}))
        hindered(None, need, target_groups=frozenset({"elderly", "children"}))
        offer.declares = {"driving_licence": False}
        hindered("requirement", need, requires=frozenset({"driving_licence"}))
        hindered(None, need, requires=frozenset({"wheelchair_access"}))

    def test_siblings_do_not_meet(self):
        offer, need = self.pair({"themes": ("social.visit",)}, {"themes": ("social.meal",)})
        self.assertEqual(self.judge.hindrance(offer, need), "theme")

    def test_two_private_persons(self):
        offer, need = self.pair({"organization": None}, {"organization": None})
        self.assertIsNone(self.judge.hindrance(offer, need))
        offer.person = "1"
        self.assertIsNone(self.judge.hindrance(offer, need))
        need.person = "12"
        self.assertIsNone(self.judge.hindrance(offer, need))
        offer.person = "12"
        self.assertEqual(self.judge.hindrance(offer, need), "sides")
        offer.organization, offer.person = "org2", None
        self.assertIsNone(self.judge.hindrance(offer, need))

    def test_to_be_clarified(self):
        offer, need = self.pair({"declares": {"driving_licence": True}, "declares_age": 17},
                                {"requires": frozenset({"driving_licence", "wheelchair_access"}),
                                 "requires_age": 18})
        self.assertEqual(self.judge.unclear(need, offer),
                         {("need", "wheelchair_access"), ("need", "minimum_age")})
        offer.declares_age = 18
        self.assertEqual(self.judge.unclear(need, offer), {("need", "wheelchair_access")})
        self.assertEqual(self.judge.unclear(offer, need), set())

    def test_score(self):
        offer, need = self.pair(
            {"themes": ("social.visit",), "measured": (55 + 5000 / DEGREE, 10.0),
             "schedule": "2026-01-06T13:00/PT4H RRULE:FREQ=WEEKLY;INTERVAL=2",
             "languages": frozenset({"en"}), "assured": at("2025-11-06T12:00+01:00")},
            {"schedule": "2026-01-06T12:00/PT2H RRULE:FREQ=WEEKLY|2026-01-06T14:00/PT2H"})
        suggestion, = self.judge.suggestions(need)
        values = suggestion.components
        self.assertAlmostEqual(values["theme"], 2 / 3)
        self.assertAlmostEqual(values["distance"], 0.5, places=9)
        # 12-14 is not within 13-17: of nine occurrences only 14-16 meets
        self.assertAlmostEqual(values["time"], 1 / 9)
        self.assertEqual(values["language"], 0.0)  # da and en
        self.assertAlmostEqual(values["urgency"], 1 - 1 / 56)
        self.assertAlmostEqual(values["freshness"], 0.5)  # 60 days
        self.assertAlmostEqual(suggestion.score, 0.35 * 2 / 3 + 0.125 + 0.2 / 9
                               + 0.05 * (55 / 56) + 0.025)
        self.assertAlmostEqual(suggestion.metres, 5000, places=4)

    def test_score_of_what_applies(self):
        offer, need = self.pair({"attendance": "REMOTE"},
                                {"expires": at("2026-02-02T12:00+01:00")})
        suggestion, = self.judge.suggestions(offer)
        self.assertEqual(suggestion.components,
                         {"theme": 1.0, "urgency": 0.5, "freshness": 1.0})
        self.assertAlmostEqual(suggestion.score, (0.35 + 0.025 + 0.05) / 0.45)
        self.assertIsNone(suggestion.metres)

    def test_urgency_of_what_has_begun(self):
        offer, need = self.pair({}, {"schedule": "2026-01-05T11:00/PT2H"})
        self.assertEqual(self.judge.components(offer, need)["urgency"], 1.0)
        need.schedule = parse_schedule("2026-06-05T11:00/PT2H")
        self.judge._occurrences.clear()
        self.assertEqual(self.judge.components(offer, need)["urgency"], 0.0)


class SimilarListings(Case):
    def test_similarity(self):
        a = self.add("a", title="Besøg en ældre", task="Drik kaffe")
        b = self.add("b", title="Besoeg en AELDRE", task="drik te", themes=("social.meal",),
                     measured=(55 + 2000 / DEGREE, 10.0))
        found, = self.judge.similar(a)
        self.assertIs(found.listing, b)
        # theme 2/3, place 1/2, words: 4 of 5 and 5 in common
        self.assertAlmostEqual(found.similarity, (2 / 3 + 0.5 + 0.8) / 3, places=9)
        b.attendance = "REMOTE"
        self.assertEqual(self.judge.similar(a), [])
        a.attendance = "REMOTE"
        self.assertAlmostEqual(self.judge.similar(a)[0].similarity, (2 / 3 + 1 + 0.8) / 3)
        b.kind = "WISH"
        self.assertEqual(self.judge.similar(a), [])

    def test_ten_kilometres(self):
        a = self.add("a")
        self.add("b", measured=(55 + 9999 / DEGREE, 10.0))
        self.assertEqual(len(self.judge.similar(a)), 1)
        self.add("b", measured=(55 + 10001 / DEGREE, 10.0))
        self.judge = Judge(self.world, at(self.now))
        self.assertEqual(len(self.judge.similar(a)), 0)


class FreeTimes(Case):
    def slots(self, *texts):
        out = []
        for text in texts:
            day, start, end = text.split()
            minutes = [int(t[:2]) * 60 + int(t[3:]) for t in (start, end)]
            out.append(FreeTime(day, *minutes))
        return out

    def test_touching_at_midnight(self):
        self.add("a", "2026-01-06T23:00/PT2H")  # Tuesday into Wednesday
        late, early = "TUESDAY 22:00 24:00", "WEDNESDAY 00:00 01:00"
        self.assertEqual(self.ids(free_times=self.slots(late, early)), ["a"])
        self.assertEqual(self.ids(free_times=self.slots(late)), [])
        self.assertEqual(self.ids(free_times=self.slots(late, "WEDNESDAY 00:01 01:00")), [])
        self.assertEqual(self.ids(free_times=self.slots(late, "WEDNESDAY 00:00 00:59")), [])
        # over the dates' end: not wholly in them
        day = (date(2026, 1, 6), date(2026, 1, 6))
        self.assertEqual(self.ids(free_times=self.slots(late, early), dates=day), [])

    def test_sunday_touches_monday(self):
        slots = self.slots("SUNDAY 23:00 24:00", "MONDAY 00:00 02:00")
        self.add("a", "2026-01-11T23:30/PT2H")
        self.add("agreed", effort=3 * HOUR)
        self.add("too long", effort=3 * HOUR + MINUTE)
        self.assertEqual(self.ids(free_times=slots), ["a", "agreed"])

    def test_overlapping_slots_are_one(self):
        self.add("a", "2026-01-06T14:00/PT4H")
        self.assertEqual(self.ids(free_times=self.slots(
            "TUESDAY 14:00 16:00", "TUESDAY 15:00 18:00")), ["a"])

    def test_effort(self):
        self.add("a", "2026-01-06T14:00/PT4H", effort=HOUR)
        self.add("b", "2026-01-06T14:00/PT4H")
        self.assertEqual(self.ids(free_times=self.slots("TUESDAY 17:00 19:00")), ["a"])
        self.assertEqual(self.ids(free_times=self.slots("TUESDAY 17:01 19:00")), [])

    def test_by_agreement(self):
        self.add("a", effort=HOUR)
        self.add("b")
        self.assertEqual(self.ids(free_times=self.slots("TUESDAY 17:01 18:00")), ["b"])
        self.assertEqual(self.ids(free_times=self.slots("TUESDAY 17:00 18:00")), ["a", "b"])
        # a whole week free: as long as the dates, or the window
        week = [FreeTime(day, 0, 1440) for day in
                "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY".split()]
        self.add("c", effort=49 * HOUR)
        self.add("d", effort=56 * 24 * HOUR)
        self.add("e", effort=56 * 24 * HOUR + MINUTE)
        self.judge = Judge(self.world, at(self.now))
        self.assertEqual(self.ids(free_times=week), ["a", "b", "c", "d"])
        self.assertEqual(self.ids(free_times=week, dates=(
            date(2026, 1, 10), date(2026, 1, 11))), ["a", "b"])
        # none of a free time is left within the dates
        slots = self.slots("TUESDAY 17:00 18:00")
        self.assertEqual(self.ids(free_times=slots, dates=(date(2026, 1, 7),) * 2), ["b"])

    def test_cut_at_now(self):  # Monday 12:00
        self.add("a", "2026-01-05T11:00/PT2H", effort=HOUR)
        self.add("b", "2026-01-05T11:00/PT2H", effort=HOUR + MINUTE)
        self.add("c", "2026-01-05T11:00/PT2H")
        self.add("agreed", effort=HOUR)
        self.add("longer", effort=HOUR + MINUTE)
        for dates in (None, (date(2026, 1, 5),) * 2):
            found = self.ids(free_times=self.slots("MONDAY 10:00 13:00"), dates=dates)
            self.assertEqual(found, ["a", "agreed"] + ([] if dates else ["longer"]))

    def test_gap_and_fold(self):
        low, high = at("2026-03-28T12:00+01:00"), at("2026-03-30T12:00+02:00")
        (start, end), = free_intervals(self.slots("SUNDAY 01:00 04:00"), low, high)
        self.assertEqual(end - start, 2 * HOUR)
        low, high = at("2026-10-24T12:00+02:00"), at("2026-10-26T12:00+01:00")
        (start, end), = free_intervals(self.slots("SUNDAY 01:00 04:00"), low, high)
        self.assertEqual(end - start, 4 * HOUR)

    def test_only_the_window(self):
        self.add("a", "2026-03-03T14:00/PT1H")  # 57 days on
        slots = self.slots("TUESDAY 14:00 15:00")
        self.assertEqual(self.ids(free_times=slots), [])
        self.assertEqual(self.ids(free_times=slots, dates=(date(2026, 3, 3),) * 2), ["a"])


class Finding(Case):
    def test_dates_and_midnight(self):
        one = self.add("a", "2026-01-10T23:00/PT3H")
        self.add("agreed")
        for day, found in ((9, False), (10, True), (11, True), (12, False)):
            got = self.ids(dates=(date(2026, 1, day),) * 2)
            self.assertEqual(got, ["a", "agreed"] if found else ["agreed"], day)
        asked = Filter(dates=(date(2026, 1, 11),) * 2)
        self.assertEqual(self.judge.facets(asked, [one])["weekdays"], {"SATURDAY": 1})

    def test_dates_end_at_local_midnight(self):
        self.add("a", "2026-01-10T22:00/PT2H")
        self.assertEqual(self.ids(dates=(date(2026, 1, 11),) * 2), [])

    def test_only_what_ends_after_now(self):
        self.add("a", "2026-01-05T08:00/PT2H RRULE:FREQ=WEEKLY")
        self.assertEqual(self.ids(dates=(date(2026, 1, 5),) * 2), [])

    def test_near(self):
        self.add("a", measured=(55 + 3000 / DEGREE, 10.0))
        self.add("far", measured=(55 + 3002 / DEGREE, 10.0))
        self.add("remote", attendance="REMOTE")
        self.assertEqual(self.ids(near=HERE, radius_km=3.001), ["a"])
        self.assertEqual(self.ids(near=HERE, radius_km=3.001, include_remote=True),
                         ["a", "remote"])
        order = [one.external_id for one in self.judge.listings(
            Filter(near=HERE, radius_km=9, include_remote=True), "DISTANCE")]
        self.assertEqual(order, ["a", "far", "remote"])

    def test_themes_groups_languages(self):
        self.add("a", themes=("social.visit",), target_groups=frozenset({"elderly"}))
        self.add("b", languages=frozenset({"en", "ar"}))
        self.assertEqual(self.ids(themes=["social"]), ["a", "b"])
        self.assertEqual(self.ids(themes=["social.visit"]), ["a"])
        self.assertEqual(self.ids(target_groups=["children"]), ["b"])
        self.assertEqual(self.ids(target_groups=["children", "elderly"]), ["a", "b"])
        self.assertEqual(self.ids(languages=["da"]), ["a"])
        self.assertEqual(self.ids(languages=["ar"]), ["b"])
        found = self.judge.find(Filter())
        self.assertEqual(self.judge.facets(Filter(), found)["themes"],
                         {"social": 2, "social.visit": 1})

    def test_words(self):
        self.assertEqual(words("Spisefællesskab på CAFÉ Øen, 2.sal_A"),
                         ("spisefaellesskab", "paa", "cafe", "oeen", "2", "sal", "a"))
        self.assertEqual(words("A\u030angstro\u0308m"), ("aangstrom",))

    def test_text_and_relevance(self):
        one = self.add("a", title="Besøg på plejehjem", task="Læs højt", description="kaffe",
                       themes=("social.visit",), assured=at("2025-11-06T12:00+01:00"))
        self.assertEqual(self.ids(text="BESOEG læs"), ["a"])
        self.assertEqual(self.ids(text="esøg"), [])
        self.assertEqual(self.ids(text="odense visiting"), ["a"])
        asked = Filter(text="kaf laes", themes=["social"], near=(55 + 5000 / DEGREE, 10.0),
                       radius_km=10)
        # text (0.4 + 0.8) / 2, theme 2/3, distance and freshness one half
        self.assertAlmostEqual(-self.judge.sort_key(asked, "RELEVANCE", one),
                               0.5 * 0.6 + 0.2 * 2 / 3 + 0.2 * 0.5 + 0.1 * 0.5, places=9)
        self.assertAlmostEqual(-self.judge.sort_key(Filter(text="kaf"), "RELEVANCE", one),
                               (0.5 * 0.4 + 0.1 * 0.5) / 0.6)

    def test_start_order(self):
        self.add("a", "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY")
        self.add("b", "2026-01-10T14:00/PT2H")
        self.add("agreed")
        order = lambda **asked: [o.external_id for o in self.judge.listings(
            Filter(**asked), "START")]
        self.assertEqual(order(), ["a", "b", "agreed"])
        self.assertEqual(order(dates=(date(2026, 1, 10), date(2026, 1, 20))),
                         ["b", "a", "agreed"])


class Files(unittest.TestCase):
    def test_reading(self):
        header = ("external_id;kind;organization;title;task;description;themes;target_groups;"
                  "languages;place;address;postal_code;latitude;longitude;at_home;attendance;"
                  "reach_km;schedule;effort_minutes;capacity;requires_minimum_age;"
                  "requires_childrens_certificate;requires_driving_licence;"
                  "requires_wheelchair_access;declares_minimum_age;"
                  "declares_childrens_certificate;declares_driving_licence;"
                  "declares_wheelchair_access;posted;assured;expires").split(";")
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            write = lambda name, text: (folder / name).write_text(text, encoding="utf-8")
            write("themes.csv", "code;parent;label_da;label_en\nx;;X;X\nx.y;x;Y;Y\n")
            write("target_groups.csv", "code;label_da;label_en\ng;G;G\n")
            write("postcodes.csv", "postal_code;name;municipality_code;municipality;region;"
                                   "latitude;longitude\n5000;Odense C;461;O;S;55.4;10.4\n")
            write("weights.toml", "theme = 0.35\n")
            write("organizations.csv", "external_id;name;kind;parent;cvr;email;phone;website;"
                  "postal_code;verified;description\no1;\"A; B\";ASSOCIATION;;;;;;5000;yes;\n")
            write("places.csv", "external_id;name;address;postal_code;latitude;longitude\n"
                                "p1;Huset;Vej 1;5000;55.41;10.41\n")
            with open(folder / "listings.csv", "w", newline="", encoding="utf-8") as file:
                out = csv.DictWriter(file, header, delimiter=";", restval="")
                out.writeheader()
                common = dict(kind="NEED", title="T", task="K", themes="x.y|x",
                              attendance="EITHER")
                out.writerow(common | dict(
                    external_id="1", organization="o1", place="p1", posted="2026-01-02",
                    requires_driving_licence="yes", declares_wheelchair_access="no",
                    schedule="2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY EXDATE:2026-01-13"))
                out.writerow(common | dict(external_id="2", place="p1", effort_minutes="90",
                                           expires="2026-07-02"))
                for external_id, organization in (
                        ("n-4-p12", ""), ("n-5-p012", ""), ("n-p3-p1", ""), ("n-6-p1x", ""),
                        ("n-7-p", ""), ("n-8-p12", "o1")):
                    out.writerow(common | dict(external_id=external_id, postal_code="5000",
                                               organization=organization))
                out.writerow(common | dict(external_id="3", organization="o1", at_home="yes",
                                           postal_code="5000", latitude="55.5", longitude="10.5"))
            world = facts.read_world(folder, date(2026, 1, 14), True, folder / "themes.csv",
                                     folder / "target_groups.csv", folder / "postcodes.csv",
                                     folder / "weights.toml")
        one, two, *others, three = world.listings.values()
        self.assertEqual([(other.external_id, other.person) for other in others],
                         [("n-4", "12"), ("n-5", "012"), ("n-p3", "1"), ("n-6-p1x", None),
                          ("n-7-p", None), ("n-8-p12", None)])
        self.assertEqual(one.measured, (55.41, 10.41))
        self.assertEqual(two.measured, (55.4, 10.4))
        self.assertEqual((three.exact, three.measured), ((55.5, 10.5), (55.4, 10.4)))
        self.assertEqual(one.posted, at("2026-01-09T00:00+01:00"))
        self.assertEqual(one.unsaid, {"assured", "expires"})
        self.assertEqual(one.expires, at("2027-01-10T00:00+01:00"))
        self.assertEqual(two.posted, at("2026-01-14T00:00+01:00"))
        self.assertEqual(two.expires, at("2026-07-10T00:00+02:00"))
        self.assertEqual(one.requires, {"driving_licence"})
        self.assertEqual(one.declares, {"wheelchair_access": False})
        self.assertEqual(two.effort, 90 * MINUTE)
        self.assertEqual(world.organizations["o1"]["name"], "A; B")
        self.assertEqual(world.line("x.y"), ("x.y", "x"))


if __name__ == "__main__":
    unittest.main()
