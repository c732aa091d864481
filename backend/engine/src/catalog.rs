//! What a house knows before anybody posts: themes, target groups, languages, postcodes, weights.

use std::collections::HashMap;

use crate::{
    matching::Weights,
    place::Gazetteer,
    problem::{Fault, Noun, shortened},
    theme::{ThemeRef, ThemeTree},
};

/// A target group's place in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetGroupRef(u16);

/// A target group as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Lower-case English words joined by hyphens; never changes.
    pub code: String,
    /// What Danish readers see.
    pub label_da: String,
    /// What English readers see.
    pub label_en: String,
}

/// An ISO 639-1 language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 2]);

impl Language {
    /// Danish, which a side that states no language speaks.
    pub const DANISH: Self = Self(*b"da");

    /// A language of ISO 639-1, in lower or upper case.
    pub fn parse(code: &str) -> Result<Self, Fault> {
        let lower = code.trim().to_ascii_lowercase();
        let known = lower.len() == 2 && ISO_639_1.split(' ').any(|known| known == lower);
        match lower.as_bytes() {
            [a, b] if known => Ok(Self([*a, *b])),
            _ => Err(Fault::Unknown {
                what: Noun::Language,
                value: shortened(code),
            }),
        }
    }

    /// Two lower-case letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("da")
    }
}

const ISO_639_1: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch \
    co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
    he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
    ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no \
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq \
    sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi \
    yo za zh zu";

/// The catalog of a house.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The theme tree.
    pub themes: ThemeTree,
    /// Postcodes and towns.
    pub gazetteer: Gazetteer,
    /// How much each component of a score counts.
    pub weights: Weights,
    target_groups: Vec<TargetGroup>,
    target_groups_by_code: HashMap<String, TargetGroupRef>,
}

impl Catalog {
    /// A catalog of these; a target group's code that stands twice keeps its first place.
    pub fn new(
        themes: ThemeTree,
        gazetteer: Gazetteer,
        target_groups: Vec<TargetGroup>,
        weights: Weights,
    ) -> Self {
        let mut by_code = HashMap::new();
        for (group, at) in target_groups.iter().zip(0..) {
            by_code
                .entry(group.code.clone())
                .or_insert(TargetGroupRef(at));
        }
        Self {
            themes,
            gazetteer,
            weights,
            target_groups,
            target_groups_by_code: by_code,
        }
    }

    /// All target groups.
    pub fn target_groups(&self) -> impl Iterator<Item = TargetGroupRef> + '_ {
        (0..).map(TargetGroupRef).take(self.target_groups.len())
    }

    /// A target group of this catalog.
    pub fn target_group(&self, group: TargetGroupRef) -> &TargetGroup {
        &self.target_groups[usize::from(group.0)]
    }

    /// Reads a theme's code.
    pub fn resolve_theme(&self, code: &str) -> Result<ThemeRef, Fault> {
        self.themes.find(code.trim()).ok_or_else(|| Fault::Unknown {
            what: Noun::Theme,
            value: shortened(code),
        })
    }

    /// Reads a target group's code.
    pub fn resolve_target_group(&self, code: &str) -> Result<TargetGroupRef, Fault> {
        self.target_groups_by_code
            .get(code.trim())
            .copied()
            .ok_or_else(|| Fault::Unknown {
                what: Noun::TargetGroup,
                value: shortened(code),
            })
    }
}
