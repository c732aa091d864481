//! Themes: a tree, in which a theme finds its sub-themes.

use std::collections::HashMap;

/// A theme's place in its tree. Cheap to copy and to compare; meaningful only with that tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThemeRef(u16);

/// A theme as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Lower-case English words joined by hyphens; never changes.
    pub code: String,
    /// What Danish readers see.
    pub label_da: String,
    /// What English readers see.
    pub label_en: String,
    parent: Option<ThemeRef>,
    depth: u16,
}

/// Why a list of themes is not a tree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ThemeTreeError {
    /// Two themes with one code.
    #[error("theme `{0}` stands twice")]
    Repeated(String),
    /// A parent that does not stand above its child.
    #[error("theme `{child}` names the parent `{parent}`, which does not stand above it")]
    UnknownParent {
        /// The theme.
        child: String,
        /// The parent that it names.
        parent: String,
    },
    /// More themes than a tree holds.
    #[error("more than 65,535 themes")]
    TooMany,
}

/// The tree of themes. Parents stand above their children.
#[derive(Debug, Default)]
pub struct ThemeTree {
    themes: Vec<Theme>,
    by_code: HashMap<String, ThemeRef>,
}

impl ThemeTree {
    /// Adds a theme below one that is there already (or at the top).
    pub fn add(
        &mut self,
        code: &str,
        parent: Option<&str>,
        label_da: &str,
        label_en: &str,
    ) -> Result<ThemeRef, ThemeTreeError> {
        let parent = parent
            .map(|parent| {
                self.find(parent)
                    .ok_or_else(|| ThemeTreeError::UnknownParent {
                        child: code.to_owned(),
                        parent: parent.to_owned(),
                    })
            })
            .transpose()?;
        let at = ThemeRef(u16::try_from(self.themes.len()).map_err(|_| ThemeTreeError::TooMany)?);
        if self.by_code.insert(code.to_owned(), at).is_some() {
            return Err(ThemeTreeError::Repeated(code.to_owned()));
        }
        self.themes.push(Theme {
            code: code.to_owned(),
            label_da: label_da.to_owned(),
            label_en: label_en.to_owned(),
            parent,
            depth: parent.map_or(1, |parent| self.get(parent).depth + 1),
        });
        Ok(at)
    }

    /// The theme with this code.
    pub fn find(&self, code: &str) -> Option<ThemeRef> {
        self.by_code.get(code).copied()
    }

    /// The theme at a place in this tree.
    pub fn get(&self, theme: ThemeRef) -> &Theme {
        &self.themes[usize::from(theme.0)]
    }

    /// The theme above.
    pub fn parent(&self, theme: ThemeRef) -> Option<ThemeRef> {
        self.get(theme).parent
    }

    /// Every theme, parents before children.
    pub fn all(&self) -> impl Iterator<Item = ThemeRef> + '_ {
        (0..self.themes.len())
            .filter_map(|at| u16::try_from(at).ok())
            .map(ThemeRef)
    }

    /// The themes directly below one, or the top ones.
    pub fn children(&self, parent: Option<ThemeRef>) -> impl Iterator<Item = ThemeRef> + '_ {
        self.all()
            .filter(move |theme| self.parent(*theme) == parent)
    }

    /// The theme and everything above it, nearest first.
    pub fn lineage(&self, theme: ThemeRef) -> impl Iterator<Item = ThemeRef> + '_ {
        std::iter::successors(Some(theme), |theme| self.parent(*theme))
    }

    /// Whether `theme` equals `above` or is a descendant of it.
    pub fn is_within(&self, theme: ThemeRef, above: ThemeRef) -> bool {
        self.lineage(theme).any(|theme| theme == above)
    }

    /// Closeness of two themes on one line: `2·depth(common) / (depth(a) + depth(b))` (Wu & Palmer
    /// 1994), 1 for the same theme. Nothing when neither is within the other.
    pub fn closeness(&self, a: ThemeRef, b: ThemeRef) -> Option<f64> {
        let upper = if self.is_within(a, b) {
            b
        } else if self.is_within(b, a) {
            a
        } else {
            return None;
        };
        let depth = |theme| f64::from(self.get(theme).depth);
        Some(2.0 * depth(upper) / (depth(a) + depth(b)))
    }

    /// The closest pair of themes from two lists, with its closeness; the first of equal ones.
    pub fn closest(&self, a: &[ThemeRef], b: &[ThemeRef]) -> Option<(f64, ThemeRef, ThemeRef)> {
        let mut best: Option<(f64, ThemeRef, ThemeRef)> = None;
        for &x in a {
            for &y in b {
                if let Some(closeness) = self.closeness(x, y)
                    && best.is_none_or(|(found, ..)| closeness > found)
                {
                    best = Some((closeness, x, y));
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> ThemeTree {
        let mut tree = ThemeTree::default();
        tree.add("sport", None, "Idræt", "Sport").unwrap();
        tree.add("football", Some("sport"), "Fodbold", "Football")
            .unwrap();
        tree.add(
            "walking-football",
            Some("football"),
            "Gåfodbold",
            "Walking football",
        )
        .unwrap();
        tree.add("handball", Some("sport"), "Håndbold", "Handball")
            .unwrap();
        tree
    }

    #[test]
    fn closeness_follows_the_line_only() {
        let tree = tree();
        let at = |code| tree.find(code).unwrap();
        let close = |a, b| tree.closeness(at(a), at(b));
        assert_eq!(close("football", "football"), Some(1.0));
        assert_eq!(close("sport", "football"), Some(2.0 / 3.0));
        assert_eq!(close("walking-football", "sport"), Some(0.5));
        assert_eq!(close("football", "handball"), None);
    }

    #[test]
    fn a_tree_refuses_what_is_none() {
        let mut tree = tree();
        assert_eq!(
            tree.add("sport", None, "", ""),
            Err(ThemeTreeError::Repeated("sport".into()))
        );
        assert!(matches!(
            tree.add("x", Some("nowhere"), "", ""),
            Err(ThemeTreeError::UnknownParent { .. })
        ));
    }
}
