//! A flagged overlap.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "overlap")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub kind: String,
    pub status: String,
    pub severity: String,
    pub reasons: String,
    pub until: Option<DateTimeUtc>,
    pub raised_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub low_id: Uuid,
    pub low_organization_id: Option<Uuid>,
    pub low_postal_code: String,
    pub low_municipality: String,
    pub low_facts: i32,
    pub high_id: Uuid,
    pub high_organization_id: Option<Uuid>,
    pub high_postal_code: String,
    pub high_municipality: String,
    pub high_facts: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
