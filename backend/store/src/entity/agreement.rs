//! An agreed pairing.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "agreement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub listing_id: Uuid,
    pub counterpart_id: Option<Uuid>,
    pub pair_low: Uuid,
    pub pair_high: Uuid,
    pub proposer_organization_id: Option<Uuid>,
    pub proposer_person_id: Option<Uuid>,
    pub proposed_by_id: Uuid,
    pub owner_organization_id: Option<Uuid>,
    pub owner_person_id: Option<Uuid>,
    pub answered_by_id: Option<Uuid>,
    pub status: String,
    pub message: String,
    pub proposed_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
