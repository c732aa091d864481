"""Everything that knows the API: the GraphQL documents and how answers become plain values.

When the schema changes, only this file has to.
"""

import base64
import json
import re
import time
import urllib.error
import urllib.request
import uuid

from .facts import parse_instant
from .judge import FreeTime

PAGE = 100
MOST_ORGANIZATIONS = 100  # that a facet tells

LISTING_FACTS = """
    id externalId kind isOpen attendance reachKm postedAt assuredAt expiresAt
    title task description languages effortMinutes capacity placesLeft
    themes { code } targetGroups { code }
    organization { id name }
    place { latitude longitude precision name address postalCode town }
    nextOccurrence { start end }
"""

ALL = """query All($first: Int, $after: String) {
  listings(orderBy: NEWEST, first: $first, after: $after) {
    totalCount
    nodes { %s }
    pageInfo { hasNextPage endCursor }
  }
}""" % LISTING_FACTS

PAGES = """query Pages($filter: ListingFilter, $orderBy: ListingOrder,
                       $first: Int, $after: String, $last: Int, $before: String) {
  listings(filter: $filter, orderBy: $orderBy,
           first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges { cursor distanceKm node { externalId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""

FACETS = """query Facets($filter: ListingFilter) {
  listings(filter: $filter, first: 1) {
    totalCount
    facets {
      themes { theme { code } count }
      kinds { kind count }
      organizations { organization { id } count }
      weekdays { weekday count }
    }
  }
}"""

SUGGESTIONS = """query Suggestions($id: ID!) {
  node(id: $id) { ... on Listing {
    suggestedMatches(first: 100) {
      listing { externalId }
      score distanceKm
      reasons { component value weight }
      toClarify
    }
  } }
}"""

OCCURRENCES = """query Occurrences($id: ID!) {
  node(id: $id) { ... on Listing { occurrences(first: 100) { start end } } }
}"""

SIMILAR = """query Similar($id: ID!) {
  node(id: $id) { ... on Listing {
    similarListings(first: 100) { listing { externalId } similarity distanceKm }
  } }
}"""


class Api:
    def __init__(self, url: str):
        self.url = url
        self.requests = 0

    def ask(self, document: str, **variables) -> dict:
        name = re.match(r"\s*query (\w+)", document).group(1)
        body = json.dumps({"query": document, "operationName": name, "variables": variables})
        for attempt in range(8):
            self.requests += 1
            request = urllib.request.Request(
                self.url, body.encode(), {"content-type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=120) as response:
                    answer = json.load(response)
                break
            except urllib.error.HTTPError as error:
                if error.code == 429 and attempt < 7:
                    time.sleep(float(error.headers.get("retry-after") or 2 ** attempt))
                    continue
                raise RuntimeError(f"{name} {variables}: {error.code} "
                                   f"{error.read()[:2000].decode(errors='replace')}") from error
        if answer.get("errors") or not answer.get("data"):
            raise RuntimeError(f"{name} {json.dumps(variables)}: {answer.get('errors')}")
        return answer["data"]

    # ---- questions

    def all_listings(self) -> list:
        found, after = [], None
        while True:
            page = self.ask(ALL, first=PAGE, after=after)["listings"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def page(self, asked: dict, order: str, after=None, before=None, backward=False) -> dict:
        return self.ask(PAGES, filter=asked, orderBy=order,
                        first=None if backward else PAGE, after=after,
                        last=PAGE if backward else None, before=before)["listings"]

    def facets(self, asked: dict) -> dict:
        got = self.ask(FACETS, filter=asked)["listings"]
        facets = got["facets"]
        return {
            "totalCount": got["totalCount"],
            "themes": counts(facets["themes"], lambda f: f["theme"]["code"]),
            "kinds": counts(facets["kinds"], lambda f: f["kind"]),
            "organizations": counts(facets["organizations"], lambda f: f["organization"]["id"]),
            "weekdays": counts(facets["weekdays"], lambda f: f["weekday"]),
        }

    def suggestions(self, listing_id: str) -> list:
        return [{
            "id": one["listing"]["externalId"], "score": one["score"],
            "km": one["distanceKm"],
            "components": {reason["component"].lower(): reason["value"]
                           for reason in one["reasons"]},
            "weights": {reason["component"].lower(): reason["weight"]
                        for reason in one["reasons"]},
            "clarify": {item.lower() for item in one["toClarify"]},
        } for one in self.ask(SUGGESTIONS, id=listing_id)["node"]["suggestedMatches"]]

    def occurrences(self, listing_id: str) -> list:
        node = self.ask(OCCURRENCES, id=listing_id)["node"]
        return [occurrence(one) for one in node["occurrences"]]

    def similar(self, listing_id: str) -> list:
        return [{"id": one["listing"]["externalId"], "similarity": one["similarity"],
                 "km": one["distanceKm"]}
                for one in self.ask(SIMILAR, id=listing_id)["node"]["similarListings"]]


def counts(facets: list, key) -> dict:
    """In the order in which they are told; zero counts may be told or left out."""
    found = [(key(facet), facet["count"]) for facet in facets if facet["count"]]
    if len(found) != len(dict(found)):
        raise RuntimeError(f"a facet twice: {found}")
    return dict(found)


def clarify_of(clarify) -> set:
    """What `toClarify` is expected to hold, of the judge's (side that asks, requirement)."""
    return {name for _, name in clarify}


def occurrence(got) -> tuple | None:
    return got and (parse_instant(got["start"]), parse_instant(got["end"]))


def id_bytes(opaque: str) -> bytes | None:
    """The 16 uuid bytes of an opaque id; None when they cannot be made out."""
    def of_text(text):
        match = re.search(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", text)
        return uuid.UUID(match.group()).bytes if match else None

    plain = of_text(opaque)
    if plain:
        return plain
    for candidate in (opaque, opaque.split("_", 1)[-1], opaque.split(":", 1)[-1]):
        try:
            raw = base64.b64decode(candidate + "=" * (-len(candidate) % 4), altchars=b"-_")
        except ValueError:
            continue
        try:
            inner = of_text(raw.decode("ascii"))
            if inner:
                return inner
        except UnicodeDecodeError:
            pass
        if len(raw) >= 16:
            return raw[-16:]
    return None


def filter_input(asked, organization_ids: dict, postal_code: str | None = None) -> dict:
    """The ListingFilter of a judge.Filter; near a postcode when one is told."""
    out = {}
    if asked.near is not None:
        near = {"radiusKm": asked.radius_km}
        if postal_code:
            near["postalCode"] = postal_code
        else:
            near["point"] = {"latitude": asked.near[0], "longitude": asked.near[1]}
        if asked.include_remote:
            near["includeRemote"] = True
        out["near"] = near
    for name, value in (("kinds", asked.kinds), ("themes", asked.themes),
                        ("targetGroups", asked.target_groups), ("languages", asked.languages),
                        ("attendance", asked.attendance), ("text", asked.text)):
        if value is not None:
            out[name] = value
    if asked.dates is not None:
        out["dates"] = {"from": asked.dates[0].isoformat(), "to": asked.dates[1].isoformat()}
    if asked.free_times is not None:
        out["freeTimes"] = [{"weekday": slot.weekday, "from": clock(slot.start),
                             "to": clock(slot.end)} for slot in asked.free_times]
    if asked.organizations is not None:
        out["organizations"] = [organization_ids[one] for one in asked.organizations]
    return out


def free_time(slot: dict) -> FreeTime:
    """The inverse of what filter_input writes (for the tests' stand-in)."""
    minutes = lambda text: int(text[:2]) * 60 + int(text[3:])
    return FreeTime(slot["weekday"], minutes(slot["from"]), minutes(slot["to"]))


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
