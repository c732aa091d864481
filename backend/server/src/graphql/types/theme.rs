//! Themes and target groups.

use async_graphql::{Context, ID, Object};
use faelled_engine::{catalog::TargetGroupRef, theme::ThemeRef};

use super::super::{Here, id};

/// What a listing is about. A theme finds its sub-themes.
pub struct Theme(pub ThemeRef);

/// What a listing is about. A theme finds its sub-themes.
#[Object]
impl Theme {
    /// Opaque identity.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        id::encode_theme(&ctx.app().catalog.themes.get(self.0).code)
    }

    /// The code by which filters and listings name it; never changes.
    async fn code<'c>(&self, ctx: &Context<'c>) -> &'c str {
        &ctx.app().catalog.themes.get(self.0).code
    }

    /// The label in the reader's language.
    async fn label<'c>(&self, ctx: &Context<'c>) -> &'c str {
        let theme = ctx.app().catalog.themes.get(self.0);
        ctx.language().choose(&theme.label_da, &theme.label_en)
    }

    /// The theme above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Theme> {
        ctx.app().catalog.themes.parent(self.0).map(Theme)
    }

    /// The themes directly below.
    #[graphql(complexity = "10 * child_complexity")]
    async fn children(&self, ctx: &Context<'_>) -> Vec<Theme> {
        ctx.app()
            .catalog
            .themes
            .children(Some(self.0))
            .map(Theme)
            .collect()
    }
}

/// For whom something is (målgruppe).
pub struct TargetGroup(pub TargetGroupRef);

/// For whom something is (målgruppe).
#[Object]
impl TargetGroup {
    /// The code by which filters and listings name it; never changes.
    async fn code<'c>(&self, ctx: &Context<'c>) -> &'c str {
        &ctx.app().catalog.target_group(self.0).code
    }

    /// The label in the reader's language.
    async fn label<'c>(&self, ctx: &Context<'c>) -> &'c str {
        let group = ctx.app().catalog.target_group(self.0);
        ctx.language().choose(&group.label_da, &group.label_en)
    }
}
