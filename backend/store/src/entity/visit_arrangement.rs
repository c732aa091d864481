//! An agreement to visit a citizen.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "visit_arrangement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub facts: i32,
    pub organization_id: Uuid,
    pub registered_by_id: Uuid,
    pub postal_code: String,
    pub theme: String,
    pub schedule: String,
    pub note: String,
    pub status: String,
    pub agreed_by_id: Uuid,
    pub agreed_at: DateTimeUtc,
    pub sealed_label: Option<String>,
    pub registered_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub over_at: Option<DateTimeUtc>,
    pub external_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
