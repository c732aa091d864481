//! Registering organizations.

use async_graphql::{Context, ID, InputObject, Object};
use faelled_engine::organization::ProfileDraft;

use super::{
    super::{
        Here,
        error::ApiResult,
        id,
        types::{organization::Organization, scalars::OrganizationKind},
    },
    payload,
};
use crate::app::organizations::{self, RegisterOrganization};

/// Mutations of organizations.
#[derive(Default)]
pub struct OrganizationMutations;

/// An organization to be registered.
#[derive(Debug, InputObject)]
pub struct RegisterOrganizationInput {
    /// Its name, 2-120 characters.
    name: String,
    /// What it is.
    kind: OrganizationKind,
    /// The organization that it is a branch or a part of.
    parent: Option<ID>,
    /// Number in the central business register, eight digits.
    cvr: Option<String>,
    /// Public e-mail address.
    email: Option<String>,
    /// Public phone number.
    phone: Option<String>,
    /// Public web address.
    website: Option<String>,
    /// Where it is at home: a Danish postcode, four digits.
    postal_code: String,
    /// What it does, at most 2,000 characters.
    description: Option<String>,
    /// 1-128 visible ASCII characters. The same key and input within 24 hours gives the first
    /// organization as it is now, and registers nothing more.
    idempotency_key: Option<String>,
}

payload! {
    /// The organization that was registered.
    RegisterOrganizationPayload {
        /// The organization, unverified until a volunteer house verifies it.
        organization: Organization
    }
}

/// Mutations of organizations.
#[Object]
impl OrganizationMutations {
    /// Registers an organization, with the viewer as its first admin. It is unverified, and shown
    /// so, until a volunteer house verifies it.
    async fn register_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organization.")] input: RegisterOrganizationInput,
    ) -> ApiResult<RegisterOrganizationPayload> {
        let register = RegisterOrganization {
            kind: input.kind.into(),
            parent: input.parent.as_ref().map(id::decode),
            profile: ProfileDraft {
                name: input.name,
                cvr: input.cvr,
                email: input.email,
                phone: input.phone,
                website: input.website,
                postal_code: input.postal_code,
                description: input.description,
            },
        };
        let key = input.idempotency_key.as_deref();
        let outcome = organizations::register(ctx.app(), ctx.actor(), register, key).await;
        RegisterOrganizationPayload::new(ctx.language(), outcome, Organization)
    }
}
