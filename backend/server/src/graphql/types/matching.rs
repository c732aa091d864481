//! Computed pairings. They belong to the viewer who asks, and have no identity.

use async_graphql::{Context, Enum, Object};
use faelled_engine::matching::{Component, Evidence, Similar, Suggestion};

use super::{super::Here, listing::Listing, scalars::Requirement};
use crate::words;

/// A listing that fits another one, with how well and why.
pub struct MatchSuggestion(pub Suggestion);

/// A listing that fits another one, with how well and why.
#[Object]
impl MatchSuggestion {
    /// The counterpart.
    async fn listing(&self) -> Listing {
        Listing::new(self.0.posted.clone())
    }

    /// How well it fits, 0..1: the weighted mean of the values of `reasons`.
    async fn score(&self) -> f64 {
        self.0.fit.score
    }

    /// Kilometres between the two, private places measured from their postcode's centre; null when
    /// a side is `REMOTE`.
    async fn distance_km(&self) -> Option<f64> {
        self.0.fit.metres.map(|metres| metres / 1000.0)
    }

    /// What gave what.
    async fn reasons(&self) -> Vec<MatchReason> {
        self.0
            .fit
            .components
            .iter()
            .cloned()
            .map(MatchReason)
            .collect()
    }

    /// What a volunteer would say of it, in the reader's language.
    async fn sentence(&self, ctx: &Context<'_>) -> String {
        words::fit_sentence(ctx.language(), &ctx.app().catalog, &self.0.fit)
    }

    /// What one side asks for and the other has not declared; talk about it before you agree.
    async fn to_clarify(&self) -> Vec<Requirement> {
        self.0
            .fit
            .to_clarify
            .iter()
            .copied()
            .map(Into::into)
            .collect()
    }
}

/// A component of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MatchComponent {
    /// Closeness in the theme tree.
    Theme,
    /// Nearness.
    Distance,
    /// Share of times covered.
    Time,
    /// A language in common.
    Language,
    /// How soon it is.
    Urgency,
    /// How lately both were confirmed.
    Freshness,
}

/// What one component gave to a score.
pub struct MatchReason(Component);

/// What one component gave to a score.
#[Object]
impl MatchReason {
    /// Which component.
    async fn component(&self) -> MatchComponent {
        match self.0.evidence {
            Evidence::Theme(..) => MatchComponent::Theme,
            Evidence::Distance { .. } => MatchComponent::Distance,
            Evidence::Time { .. } => MatchComponent::Time,
            Evidence::Language(_) => MatchComponent::Language,
            Evidence::Urgency { .. } => MatchComponent::Urgency,
            Evidence::Freshness(_) => MatchComponent::Freshness,
        }
    }

    /// 0..1.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// How much it counts; weights need not sum to 1.
    async fn weight(&self) -> f64 {
        self.0.weight
    }

    /// What it rests on, in the reader's language.
    async fn sentence(&self, ctx: &Context<'_>) -> String {
        words::reason_sentence(ctx.language(), &ctx.app().catalog, &self.0)
    }
}

/// A listing that does much the same as another one, near by.
pub struct SimilarListing(pub Similar);

/// A listing that does much the same as another one, near by.
#[Object]
impl SimilarListing {
    /// The other listing.
    async fn listing(&self) -> Listing {
        Listing::new(self.0.posted.clone())
    }

    /// How similar they are, 0.5..1: the mean of theme, nearness and wording.
    async fn similarity(&self) -> f64 {
        self.0.similarity
    }

    /// Kilometres between the two; null when both are `REMOTE`.
    async fn distance_km(&self) -> Option<f64> {
        self.0.metres.map(|metres| metres / 1000.0)
    }
}
