"""Made-up data in the documented format, to try the comparison on:
python -m oracle.sample FOLDER [NUMBER] [SEED]"""

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

from .facts import SEED, rows

COLUMNS = ("external_id;kind;organization;title;task;description;themes;target_groups;languages;"
           "place;address;postal_code;latitude;longitude;at_home;attendance;reach_km;schedule;"
           "effort_minutes;capacity;requires_minimum_age;requires_childrens_certificate;"
           "requires_driving_licence;requires_wheelchair_access;declares_minimum_age;"
           "declares_childrens_certificate;declares_driving_licence;declares_wheelchair_access;"
           "posted;assured;expires").split(";")
WORDS = ("Besøg ældre læse højt kaffe café gåtur hund hjælp lektier børn have fælles madlavning "
         "kørsel følge støtte samtale musik sang håndbold træner åben rådgivning cykel reparation "
         "Øst naturpleje strand walk friend reading gardening").split()
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def schedule(rng: random.Random, monday: date) -> str:
    if rng.random() < 0.25:
        return ""
    entries = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        start = monday + timedelta(days=rng.randint(-60, 80))
        hour = rng.choice((0, 2, 8, 9, 10, 12, 14, 15, 16, 17, 18, 19, 22, 23))
        minute = rng.choice((0, 0, 0, 15, 30, 45))
        text = f"{start}T{hour:02d}:{minute:02d}/" + rng.choice(
            ("PT1H", "PT1H30M", "PT2H", "PT2H", "PT3H", "PT4H", "PT8H", "PT45M", "P1D"))
        if rng.random() < 0.75:
            day = DAYS[start.weekday()]
            text += " RRULE:" + rng.choice((
                "FREQ=WEEKLY", "FREQ=WEEKLY", f"FREQ=WEEKLY;BYDAY={day}",
                "FREQ=WEEKLY;INTERVAL=2", f"FREQ=WEEKLY;INTERVAL=2;BYDAY={day}",
                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=DAILY", "FREQ=DAILY;COUNT=20",
                f"FREQ=MONTHLY;BYDAY=1{day}", f"FREQ=MONTHLY;BYDAY=-1{day}",
                f"FREQ=WEEKLY;UNTIL={start + timedelta(days=rng.randint(20, 200)):%Y%m%d}"))
            if rng.random() < 0.4:
                weeks = [start + timedelta(weeks=n) for n in rng.sample(range(30), 5)]
                text += " EXDATE:" + ",".join(
                    str(week) + rng.choice(("", f"T{hour:02d}:{minute:02d}")) for week in weeks)
        entries.append(text)
    return "|".join(entries)


def write(folder: Path, number: int, seed: int, monday: date, whole_country: bool = False):
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    themes = [row["code"] for row in rows(SEED / "themes.csv")]
    if not whole_country:
        themes = themes[:25]
    groups = [row["code"] for row in rows(SEED / "target_groups.csv")][:6]
    postcodes = [row for row in rows(SEED / "postcodes.csv")
                 if whole_country or row["postal_code"].startswith("88")]
    point = lambda post: (f"{float(post['latitude']) + rng.gauss(0, 0.02):.5f}",
                          f"{float(post['longitude']) + rng.gauss(0, 0.03):.5f}")

    def table(name, columns, found):
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, columns, delimiter=";", restval="", lineterminator="\n")
            out.writeheader()
            out.writerows(found)

    organizations = [{"external_id": f"org{n}", "kind": "ASSOCIATION", "verified": "yes",
                      "name": f"{rng.choice(WORDS)}foreningen {n}",
                      "postal_code": rng.choice(postcodes)["postal_code"]}
                     for n in range(max(8, number // 25))]
    table("organizations.csv", "external_id;name;kind;parent;cvr;email;phone;website;postal_code;"
          "verified;description".split(";"), organizations)
    places = []
    for n in range(12):
        post = rng.choice(postcodes)
        latitude, longitude = point(post)
        places.append({"external_id": f"place{n}", "name": f"{rng.choice(WORDS)}huset",
                       "address": f"{rng.choice(WORDS)}vej {n}", "latitude": latitude,
                       "longitude": longitude, "postal_code": post["postal_code"]})
    table("places.csv", "external_id;name;address;postal_code;latitude;longitude".split(";"),
          places)

    def listing(n):
        sometimes = lambda share, value: value if rng.random() < share else ""
        some = lambda of, most: "|".join(rng.sample(of, rng.randint(1, most)))
        row = {
            "external_id": f"l{n}", "kind": rng.choice(("OFFER", "OFFER", "NEED", "WISH")),
            "organization": sometimes(0.7, rng.choice(organizations)["external_id"]),
            "title": " ".join(rng.sample(WORDS, 3)), "task": " ".join(rng.sample(WORDS, 5)),
            "description": " ".join(rng.sample(WORDS, 9)), "themes": some(themes, 3),
            "target_groups": sometimes(0.5, some(groups, 2)),
            "languages": sometimes(0.4, some(["da", "en", "ar", "uk"], 2)),
            "at_home": sometimes(0.15, "yes"),
            "attendance": rng.choice(("AT_MY_PLACE", "AT_MY_PLACE", "I_TRAVEL", "I_TRAVEL",
                                      "EITHER", "REMOTE")),
            "schedule": schedule(rng, monday),
            "effort_minutes": sometimes(0.4, rng.choice((30, 60, 90, 120, 180))),
            "capacity": sometimes(0.4, rng.randint(1, 5)),
            "requires_minimum_age": sometimes(0.2, 18),
            "declares_minimum_age": sometimes(0.4, rng.choice((16, 18, 25))),
            "posted": sometimes(0.9, str(monday - timedelta(days=rng.randint(-3, 200)))),
        }
        if row["attendance"] in ("I_TRAVEL", "EITHER"):
            row["reach_km"] = sometimes(0.8, rng.choice((2, 5, 10, 12.5, 30)))
        for name in ("childrens_certificate", "driving_licence", "wheelchair_access"):
            row["requires_" + name] = sometimes(0.15, "yes")
            row["declares_" + name] = sometimes(0.5, rng.choice(("yes", "yes", "no")))
        if row["posted"]:
            row["assured"] = sometimes(0.5, str(
                date.fromisoformat(row["posted"]) + timedelta(days=rng.randint(0, 60))))
        row["expires"] = sometimes(0.5, str(monday + timedelta(days=rng.randint(-20, 200))))
        if rng.random() < 0.4:
            row["place"] = rng.choice(places)["external_id"]
        else:
            post = rng.choice(postcodes)
            row["postal_code"] = post["postal_code"]
            if rng.random() < 0.6:
                row["latitude"], row["longitude"] = point(post)
        return row

    table("listings.csv", COLUMNS, [listing(n) for n in range(number)])


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 400,
          int(sys.argv[3]) if len(sys.argv) > 3 else 1, date(2026, 1, 5),
          whole_country=len(sys.argv) > 4)
