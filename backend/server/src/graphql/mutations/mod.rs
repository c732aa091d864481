//! What can be done: one mutation for each action, one input, one payload with `userErrors`.

pub mod houses;
pub mod listings;
pub mod matches;
pub mod organizations;
pub mod visits;

use async_graphql::MergedObject;

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    listings::ListingMutations,
    matches::MatchMutations,
    organizations::OrganizationMutations,
    visits::VisitMutations,
    houses::HouseMutations,
);

/// A payload with one nullable object and `userErrors`.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$object_doc:meta])* $object:ident: $type:ty }) => {
        #[derive(async_graphql::SimpleObject)]
        $(#[$doc])*
        pub struct $name {
            $(#[$object_doc])*
            $object: Option<$type>,
            /// What is wrong with the input; empty when it was done.
            user_errors: Vec<$crate::graphql::error::UserError>,
        }

        impl $name {
            fn new<T>(
                language: $crate::words::Language,
                outcome: $crate::app::Outcome<T>,
                show: impl FnOnce(T) -> $type,
            ) -> $crate::graphql::error::ApiResult<Self> {
                use $crate::graphql::error::{Answered, answered};
                Ok(match answered(language, outcome)? {
                    Answered::Done(value) => {
                        Self { $object: Some(show(value)), user_errors: Vec::new() }
                    }
                    Answered::Refused(user_errors) => Self { $object: None, user_errors },
                })
            }
        }
    };
}
pub(crate) use payload;
