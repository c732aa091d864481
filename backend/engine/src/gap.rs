//! What nobody does: open needs that no open offer fits, by postcode and theme.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Datelike, Utc, Weekday};

use crate::{
    board::Posted,
    catalog::Catalog,
    id::ListingId,
    listing::ListingKind,
    matching,
    place::{Attendance, Point, PostalCode},
    schedule::{self, Occurrence, WINDOW},
    theme::{ThemeRef, ThemeTree},
};

/// Needs of one theme in one postcode that nobody meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The theme, of the first or the second level of the tree.
    pub theme: ThemeRef,
    /// The postcode of the needs.
    pub postal_code: PostalCode,
    /// The needs, by id.
    pub needs: Vec<ListingId>,
    /// Local weekdays on which something of a need starts within the window, from Monday on. Needs
    /// by agreement name none.
    pub weekdays: Vec<Weekday>,
    /// Kilometres from the postcode's centre to the nearest open offer on the theme's line,
    /// whatever its reach; remote ones have no distance.
    pub nearest_offer_km: Option<f64>,
}

/// What a gap rests on, with the facts that a sentence needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Needs that no offer fits.
    Unmet {
        /// How many.
        needs: usize,
    },
    /// So far away is the nearest offer on the theme's line. It can be near and still not fit.
    NearestOffer {
        /// Kilometres.
        km: f64,
    },
    /// There is no offer on the theme's line, or only remote ones.
    NoOffer,
    /// The needs fall on these weekdays.
    OnWeekdays {
        /// From Monday on.
        weekdays: Vec<Weekday>,
    },
}

impl Gap {
    /// What this rests on: needs, offers, weekdays.
    pub fn reasons(&self) -> Vec<Reason> {
        let unmet = Reason::Unmet {
            needs: self.needs.len(),
        };
        let nearest = self
            .nearest_offer_km
            .map_or(Reason::NoOffer, |km| Reason::NearestOffer { km });
        let weekdays = (!self.weekdays.is_empty()).then(|| Reason::OnWeekdays {
            weekdays: self.weekdays.clone(),
        });
        [unmet, nearest].into_iter().chain(weekdays).collect()
    }
}

/// The gaps among `listings` at `now`: open needs in the `area` that name one of the `themes` or a
/// theme below it, and that no open offer fits. Most needs first, then by postcode, then by theme
/// in the tree's order. No area means everywhere, no themes means all.
pub fn gaps(
    catalog: &Catalog,
    listings: &[Arc<Posted>],
    area: &[PostalCode],
    themes: &[ThemeRef],
    now: DateTime<Utc>,
) -> Vec<Gap> {
    let open = |kind| -> Vec<&Posted> {
        listings
            .iter()
            .map(AsRef::as_ref)
            .filter(|posted| posted.listing.content.kind == kind && posted.is_open(now))
            .collect()
    };
    let offers = open(ListingKind::Offer);
    let mut groups: BTreeMap<(PostalCode, ThemeRef), Needs<'_>> = BTreeMap::new();
    for need in open(ListingKind::Need) {
        let code = need.listing.content.location.postal_code;
        let in_area = area.is_empty() || area.contains(&code);
        let asked = asked_themes(&catalog.themes, need, themes);
        if in_area && !asked.is_empty() && is_unmet(catalog, need, &offers, now) {
            for theme in asked {
                let group = groups.entry((code, theme)).or_default();
                group.insert(need.listing.id, need);
            }
        }
    }
    let mut gaps: Vec<Gap> = groups
        .into_iter()
        .map(|((postal_code, theme), needs)| Gap {
            theme,
            postal_code,
            weekdays: weekdays(needs.values().copied(), now),
            nearest_offer_km: needs
                .values()
                .next()
                .map(|need| need.listing.content.location.centre)
                .and_then(|centre| nearest_km(&catalog.themes, centre, theme, &offers)),
            needs: needs.into_keys().collect(),
        })
        .collect();
    gaps.sort_by_key(|gap| Reverse(gap.needs.len()));
    gaps
}

type Needs<'l> = BTreeMap<ListingId, &'l Posted>;

/// The themes that a need counts under, of those asked for.
fn asked_themes(tree: &ThemeTree, need: &Posted, asked: &[ThemeRef]) -> BTreeSet<ThemeRef> {
    let named = need.listing.content.themes.iter();
    named
        .filter(|theme| {
            asked.is_empty() || asked.iter().any(|asked| tree.is_within(**theme, *asked))
        })
        .map(|theme| rolled_up(tree, *theme))
        .collect()
}

/// The theme of the second level that holds this one; a top theme stays what it is.
fn rolled_up(tree: &ThemeTree, theme: ThemeRef) -> ThemeRef {
    let lineage: Vec<ThemeRef> = tree.lineage(theme).collect();
    lineage.iter().rev().nth(1).copied().unwrap_or(theme)
}

/// Whether a need with a place left can be judged and no offer fits it. What has a schedule and
/// nothing of it within the window is too far ahead to be judged.
fn is_unmet(catalog: &Catalog, need: &Posted, offers: &[&Posted], now: DateTime<Utc>) -> bool {
    let is_judged = need.is_by_agreement() || within_window(need, now).next().is_some();
    need.listing.has_place()
        && is_judged
        && !offers
            .iter()
            .any(|offer| matching::fit(catalog, need, offer, now).is_some())
}

fn within_window(posted: &Posted, now: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
    let end = now + WINDOW;
    let occurrences = posted.occurrences(now);
    occurrences.filter(move |occurrence| occurrence.start < end)
}

fn weekdays<'l>(needs: impl Iterator<Item = &'l Posted>, now: DateTime<Utc>) -> Vec<Weekday> {
    let mut weekdays: Vec<Weekday> = needs
        .flat_map(|need| within_window(need, now))
        .map(|occurrence| schedule::local(occurrence.start).weekday())
        .collect();
    weekdays.sort_by_key(Weekday::num_days_from_monday);
    weekdays.dedup();
    weekdays
}

/// Kilometres from a point to the nearest of the offers on the theme's line that are not remote.
fn nearest_km(tree: &ThemeTree, from: Point, theme: ThemeRef, offers: &[&Posted]) -> Option<f64> {
    let offers = offers.iter().map(|offer| &offer.listing);
    offers
        .filter(|offer| offer.content.attendance != Attendance::Remote)
        .filter(|offer| tree.closest(&offer.content.themes, &[theme]).is_some())
        .map(|offer| from.metres_to(offer.point()) / 1000.0)
        .min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        listing::{Listing, ListingStatus},
        overlap::fixtures::{Change, Random, Side, catalog, now, organization, person, weekly},
        schedule::ScheduleDraft,
    };

    /// A need that a café at the same place and time fits.
    fn need(id: u8) -> Side {
        Side::cafe(id).saying(|draft| {
            draft.kind = Some(ListingKind::Need);
            draft.attendance = Some(Attendance::ITravel);
        })
    }

    fn posted(sides: &[Side]) -> Vec<Arc<Posted>> {
        let catalog = catalog();
        sides
            .iter()
            .map(|side| Arc::new(side.posted(&catalog)))
            .collect()
    }

    fn found(sides: &[Side]) -> Vec<Gap> {
        gaps(&catalog(), &posted(sides), &[], &[], now())
    }

    #[test]
    fn a_gap_is_a_need_that_no_open_offer_fits() {
        assert_eq!(found(&[need(1), Side::cafe(2)]), []);
        let unmet: [Change; 7] = [
            ("no offer", |offer| offer.status = ListingStatus::Paused),
            ("a wish", |offer| offer.draft.kind = Some(ListingKind::Wish)),
            ("of the same poster", |offer| offer.poster = organization(1)),
            ("for others", |offer| {
                offer.draft.target_groups = vec!["children".into()];
            }),
            ("of another theme", |offer| {
                offer.draft.themes = vec!["football".into()];
            }),
            ("at another time", |offer| {
                offer.draft.schedule = weekly("2026-01-07T14:00", "FREQ=WEEKLY");
            }),
            ("without a place", |offer| {
                offer.draft.capacity = Some(1);
                offer.taken = 1;
            }),
        ];
        for (name, change) in unmet {
            let mut offer = Side::cafe(2);
            change(&mut offer);
            assert_eq!(found(&[need(1), offer]).len(), 1, "{name}");
        }
        let silent: [Change; 4] = [
            ("not open", |need| need.status = ListingStatus::Closed),
            ("not a need", |need| {
                need.draft.kind = Some(ListingKind::Wish);
            }),
            ("taken", |need| {
                need.draft.capacity = Some(1);
                need.taken = 1;
            }),
            ("too far ahead to judge", |need| {
                need.draft.schedule = weekly("2026-04-28T14:00", "FREQ=WEEKLY");
            }),
        ];
        for (name, change) in silent {
            let mut need = need(1);
            change(&mut need);
            assert_eq!(found(&[need]), [], "{name}");
        }
    }

    #[test]
    fn a_gap_says_how_far_the_nearest_offer_is_and_on_which_days_it_falls() {
        let dog = |id| need(id).saying(|draft| draft.themes = vec!["visiting-dog".into()]);
        let sides = [
            dog(1),
            Side::cafe(2).north(6_000.0).saying(|draft| {
                draft.themes = vec!["visiting-friend".into()];
                draft.target_groups = vec!["children".into()];
            }),
            dog(3).saying(|draft| {
                draft.themes.push("visiting-friend".into());
                draft.themes.push("football".into());
                draft.schedule = weekly("2026-01-05T23:00", "FREQ=WEEKLY;BYDAY=MO,SU");
            }),
            need(4).saying(|draft| draft.postal_code = "8831".into()),
            dog(5).saying(|draft| draft.schedule = ScheduleDraft::default()),
        ];
        let catalog = catalog();
        let ids: Vec<ListingId> = posted(&sides)
            .iter()
            .map(|posted| posted.listing.id)
            .collect();
        let found: Vec<_> = found(&sides)
            .into_iter()
            .map(|gap| {
                let theme = catalog.themes.get(gap.theme).code.clone();
                let km = gap.nearest_offer_km.map(f64::round);
                let code = gap.postal_code.number();
                (theme, code, gap.needs, gap.weekdays, km)
            })
            .collect();
        let days = vec![Weekday::Mon, Weekday::Tue, Weekday::Sun];
        let friends = vec![ids[0], ids[2], ids[4]];
        let expected = [
            ("visiting-friend".to_owned(), 8800, friends, days, Some(6.0)),
            (
                "football".to_owned(),
                8800,
                vec![ids[2]],
                vec![Weekday::Mon, Weekday::Sun],
                None,
            ),
            (
                "social-cafe".to_owned(),
                8831,
                vec![ids[3]],
                vec![Weekday::Tue],
                None,
            ),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn reasons_tell_what_is_missing() {
        let gap = &found(&[need(1)])[0];
        let weekdays = vec![Weekday::Tue];
        assert_eq!(
            gap.reasons(),
            [
                Reason::Unmet { needs: 1 },
                Reason::NoOffer,
                Reason::OnWeekdays { weekdays }
            ]
        );
        let elsewhere = Gap {
            nearest_offer_km: Some(7.5),
            weekdays: Vec::new(),
            ..gap.clone()
        };
        let nearest = Reason::NearestOffer { km: 7.5 };
        assert_eq!(elsewhere.reasons(), [Reason::Unmet { needs: 1 }, nearest]);
    }

    #[test]
    fn a_private_need_counts_with_its_postcode_alone() {
        let mut private = need(1).north(6_000.0);
        private.poster = person(1);
        let offer = Side::cafe(2).saying(|draft| draft.target_groups = vec!["children".into()]);
        let gap = &found(&[private.clone(), offer.clone()])[0];
        assert_eq!(gap.nearest_offer_km, Some(0.0));
        let moved = private.north(9_000.0);
        assert_eq!(found(&[moved, offer]), std::slice::from_ref(gap));
    }

    /// The definition, theme by theme and postcode by postcode.
    fn slow_gaps(listings: &[Arc<Posted>], area: &[PostalCode], asked: &[ThemeRef]) -> Vec<Gap> {
        let catalog = catalog();
        let tree = &catalog.themes;
        let of_kind = |kind: ListingKind| {
            let open = listings.iter().filter(|posted| posted.is_open(now()));
            open.filter(move |posted| posted.listing.content.kind == kind)
        };
        let until = now() + WINDOW;
        let ahead = |need: &Posted| need.occurrences(now()).any(|time| time.start < until);
        let unmet = |need: &Posted| {
            need.listing.has_place()
                && (need.is_by_agreement() || ahead(need))
                && of_kind(ListingKind::Offer)
                    .all(|offer| matching::fit(&catalog, offer, need, now()).is_none())
        };
        let counts_as = |listing: &Listing, theme: ThemeRef| {
            listing.content.themes.iter().any(|named| {
                let is_asked = asked.is_empty()
                    || tree
                        .all()
                        .any(|above| asked.contains(&above) && tree.is_within(*named, above));
                let counted = match tree.parent(theme) {
                    None => *named == theme,
                    Some(top) => tree.parent(top).is_none() && tree.is_within(*named, theme),
                };
                is_asked && counted
            })
        };
        let mut gaps = Vec::new();
        for postcode in catalog.gazetteer.postcodes() {
            for theme in tree.all() {
                let mut needs: Vec<&Arc<Posted>> = of_kind(ListingKind::Need)
                    .filter(|need| need.listing.content.location.postal_code == postcode.code)
                    .filter(|need| counts_as(&need.listing, theme) && unmet(need))
                    .collect();
                needs.sort_by_key(|need| need.listing.id);
                if needs.is_empty() || !(area.is_empty() || area.contains(&postcode.code)) {
                    continue;
                }
                let all_days = std::iter::successors(Some(Weekday::Mon), |day| Some(day.succ()));
                let starts_on = |need: &Posted, day: Weekday| {
                    let mut times = need.occurrences(now());
                    times.any(|time| {
                        time.start < until && schedule::local(time.start).weekday() == day
                    })
                };
                let on_line = |offer: &Listing| {
                    let mut named = offer.content.themes.iter();
                    named
                        .any(|named| tree.is_within(*named, theme) || tree.is_within(theme, *named))
                };
                gaps.push(Gap {
                    theme,
                    postal_code: postcode.code,
                    needs: needs.iter().map(|need| need.listing.id).collect(),
                    weekdays: all_days
                        .take(7)
                        .filter(|day| needs.iter().any(|need| starts_on(need, *day)))
                        .collect(),
                    nearest_offer_km: of_kind(ListingKind::Offer)
                        .map(|offer| &offer.listing)
                        .filter(|offer| offer.content.attendance != Attendance::Remote)
                        .filter(|offer| on_line(offer))
                        .map(|offer| postcode.centre.metres_to(offer.point()) / 1000.0)
                        .min_by(f64::total_cmp),
                });
            }
        }
        gaps.sort_by_key(|gap| (Reverse(gap.needs.len()), gap.postal_code, gap.theme));
        gaps
    }

    #[test]
    fn random_boards_agree_with_the_definition() {
        let (catalog, mut random) = (catalog(), Random::new(5));
        let code = |text| PostalCode::parse(text).unwrap();
        let theme = |code| catalog.themes.find(code).unwrap();
        let mut count = 0;
        for round in 0..240 {
            let sides: Vec<Side> = (0..24).map(|id| Side::random(id, &mut random)).collect();
            let listings = posted(&sides);
            let area = [vec![], vec![code("8800"), code("8850")]][round % 2].clone();
            let themes = [
                vec![],
                vec![theme("companionship")],
                vec![theme("visiting-dog")],
            ];
            let themes = themes[round % 3].clone();
            let expected = slow_gaps(&listings, &area, &themes);
            let mut listings = listings;
            assert_eq!(gaps(&catalog, &listings, &area, &themes, now()), expected);
            listings.reverse();
            assert_eq!(gaps(&catalog, &listings, &area, &themes, now()), expected);
            count += expected.len();
        }
        assert!(count > 200, "{count}");
    }
}
