//! What a candidate shows in a round, and what several have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, OpenListing};
use crate::{
    catalog::{Catalog, TargetGroupRef},
    funding::RoundTerms,
    matching::halving,
    place::PostalCode,
    theme::ThemeRef,
};

/// How far from the common postcode's centre, in metres, a listing still counts as near.
pub const WITHIN_METRES: f64 = 20_000.0;

/// What the theme counts in a score, and in the choice of the ground.
pub(super) const THEME_WEIGHT: f64 = 0.25;
/// What nearness counts in a score, and in the choice of the ground.
pub(super) const NEAR_WEIGHT: f64 = 0.15;

/// What all members of a group have in common: each has a listing in the round on this theme's
/// line, for this target group, near this postcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommonGround {
    /// The target group; nothing when the listings are for everybody.
    pub target_group: Option<TargetGroupRef>,
    /// The theme on whose line the listings lie.
    pub theme: ThemeRef,
    /// The postcode near whose centre they lie. Some member has a listing in it.
    pub postal_code: PostalCode,
}

/// The themes of a listing that lie on the line of a theme of the round.
pub(super) fn themes_in_round(
    catalog: &Catalog,
    terms: &RoundTerms,
    listing: &OpenListing,
) -> Vec<ThemeRef> {
    let asked = |theme: &ThemeRef| {
        terms.themes.is_empty() || on_line_of_any(catalog, *theme, &terms.themes)
    };
    listing.themes.iter().copied().filter(asked).collect()
}

/// Whether a theme equals, is above or is below one of these.
pub(super) fn on_line_of_any(catalog: &Catalog, theme: ThemeRef, others: &[ThemeRef]) -> bool {
    others
        .iter()
        .any(|other| catalog.themes.closeness(theme, *other).is_some())
}

/// Whether a postcode lies where the round gives money.
pub(super) fn is_in_area(catalog: &Catalog, terms: &RoundTerms, postal_code: PostalCode) -> bool {
    terms.municipalities.is_empty()
        || catalog
            .gazetteer
            .municipality_of(postal_code)
            .is_some_and(|municipality| terms.municipalities.contains(&municipality))
}

/// Whether a listing reaches a target group of the round.
pub(super) fn reaches_round(terms: &RoundTerms, listing: &OpenListing) -> bool {
    terms.target_groups.is_empty()
        || terms
            .target_groups
            .iter()
            .any(|group| reaches(listing, *group))
}

/// Whether a listing names a target group, or is for everybody.
pub(super) fn reaches(listing: &OpenListing, group: TargetGroupRef) -> bool {
    listing.target_groups.is_empty() || listing.target_groups.contains(&group)
}

/// A listing in the round: on its themes, in its area and for its target groups, all at once.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) listing: &'a OpenListing,
    /// Its themes on the round's lines; at least one.
    pub(super) themes: Vec<ThemeRef>,
    /// The round's target groups that it names.
    pub(super) target_groups: Vec<TargetGroupRef>,
}

/// The listings of a candidate in the round, by id.
pub(super) fn shown<'a>(
    catalog: &Catalog,
    terms: &RoundTerms,
    candidate: &'a Candidate,
) -> Vec<Shown<'a>> {
    let mut found: Vec<Shown<'a>> = candidate
        .listings
        .iter()
        .filter(|listing| {
            is_in_area(catalog, terms, listing.postal_code) && reaches_round(terms, listing)
        })
        .map(|listing| Shown {
            listing,
            themes: themes_in_round(catalog, terms, listing),
            target_groups: listing
                .target_groups
                .iter()
                .copied()
                .filter(|group| {
                    terms.target_groups.is_empty() || terms.target_groups.contains(group)
                })
                .collect(),
        })
        .filter(|shown| !shown.themes.is_empty())
        .collect();
    found.sort_by_key(|shown| shown.listing.id);
    found
}

/// Metres from the centre of a postcode to a listing; nothing when that is too far, or when the
/// gazetteer does not know the postcode.
pub(super) fn metres_within(
    catalog: &Catalog,
    listing: &OpenListing,
    postal_code: PostalCode,
) -> Option<f64> {
    let centre = catalog.gazetteer.get(postal_code)?.centre;
    Some(centre.metres_to(listing.point)).filter(|metres| *metres <= WITHIN_METRES)
}

/// The grounds that are worth a look: every theme shown or above one, every target group named,
/// every postcode with a listing. A theme below all that are shown is never the closest; a target
/// group that nobody names says no more than *everybody*.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    themes: BTreeSet<ThemeRef>,
    target_groups: BTreeSet<TargetGroupRef>,
    postal_codes: BTreeSet<PostalCode>,
}

impl Lookout {
    pub(super) fn over<'a>(
        catalog: &Catalog,
        all: impl IntoIterator<Item = &'a Shown<'a>>,
    ) -> Self {
        let mut lookout = Self::default();
        for shown in all {
            let lines = shown.themes.iter();
            lookout
                .themes
                .extend(lines.flat_map(|theme| catalog.themes.lineage(*theme)));
            lookout.target_groups.extend(&shown.target_groups);
            lookout.postal_codes.insert(shown.listing.postal_code);
        }
        lookout
    }
}

/// How a candidate, or a group, stands on a ground. Of a group, everything but the greatest
/// distance is summed over its members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Footing {
    pub(super) ground: CommonGround,
    pub(super) closeness: f64,
    pub(super) nearness: f64,
    pub(super) farthest_metres: f64,
    /// How many members have a listing in the ground's postcode.
    pub(super) residents: usize,
}

impl Footing {
    /// What the footing adds to a score, in steps of 1e-9 so that rounding chooses no ground.
    fn worth(&self) -> f64 {
        let worth = THEME_WEIGHT * self.closeness + NEAR_WEIGHT * self.nearness;
        (worth * 1e9).round()
    }

    fn joined(self, other: Self) -> Self {
        Self {
            ground: self.ground,
            closeness: self.closeness + other.closeness,
            nearness: self.nearness + other.nearness,
            farthest_metres: self.farthest_metres.max(other.farthest_metres),
            residents: self.residents + other.residents,
        }
    }
}

/// Every ground that a candidate stands on, with the listing that is best there; of equals, the one
/// with the lowest id. By ground.
pub(super) fn footings(catalog: &Catalog, shown: &[Shown<'_>], lookout: &Lookout) -> Vec<Footing> {
    let mut best: BTreeMap<CommonGround, Footing> = BTreeMap::new();
    for one in shown {
        for &postal_code in &lookout.postal_codes {
            let Some(metres) = metres_within(catalog, one.listing, postal_code) else {
                continue;
            };
            let resides = |s: &Shown<'_>| s.listing.postal_code == postal_code;
            let residents = usize::from(shown.iter().any(resides));
            for &theme in &lookout.themes {
                let Some((closeness, ..)) = catalog.themes.closest(&[theme], &one.themes) else {
                    continue;
                };
                for target_group in served(one, lookout) {
                    let ground = CommonGround {
                        target_group,
                        theme,
                        postal_code,
                    };
                    let footing = Footing {
                        ground,
                        closeness,
                        nearness: halving(metres / 1000.0, 10.0),
                        farthest_metres: metres,
                        residents,
                    };
                    let known = best.entry(ground).or_insert(footing);
                    if footing.worth() > known.worth() {
                        *known = footing;
                    }
                }
            }
        }
    }
    best.into_values().collect()
}

/// The target groups that a listing serves: those of the round that it names; everybody, and with
/// it each of them, when it names none.
fn served(shown: &Shown<'_>, lookout: &Lookout) -> Vec<Option<TargetGroupRef>> {
    if shown.listing.target_groups.is_empty() {
        let each = lookout.target_groups.iter().copied().map(Some);
        std::iter::once(None).chain(each).collect()
    } else {
        shown.target_groups.iter().copied().map(Some).collect()
    }
}

/// The grounds on which both stand; both are given by ground.
pub(super) fn in_common(ours: &[Footing], theirs: &[Footing]) -> Vec<Footing> {
    let mut theirs = theirs.iter().copied().peekable();
    let mut both = Vec::new();
    for ours in ours {
        while theirs.next_if(|t| t.ground < ours.ground).is_some() {}
        if let Some(theirs) = theirs.next_if(|t| t.ground == ours.ground) {
            both.push(ours.joined(theirs));
        }
    }
    both
}

/// The best ground of those that a group stands on: one in whose postcode some member has a
/// listing, with the greatest worth; of equals, the first.
pub(super) fn best(common: &[Footing]) -> Option<Footing> {
    let mut best: Option<Footing> = None;
    for footing in common.iter().filter(|footing| footing.residents > 0) {
        if best.is_none_or(|best| footing.worth() > best.worth()) {
            best = Some(*footing);
        }
    }
    best
}

/// The best ground of these candidates, from what each shows; nothing when they have none.
pub(super) fn common_ground(catalog: &Catalog, members: &[Vec<Shown<'_>>]) -> Option<Footing> {
    let lookout = Lookout::over(catalog, members.iter().flatten());
    let common = members
        .iter()
        .map(|shown| footings(catalog, shown, &lookout))
        .reduce(|ours, theirs| in_common(&ours, &theirs))?;
    best(&common)
}
