//! A listing; `themes`, `target_groups`, `languages` and `schedule` are JSON.

use sea_orm::entity::prelude::*;

#[expect(
    clippy::struct_excessive_bools,
    reason = "a row has the columns that it has"
)]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "listing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub revision: i32,
    pub kind: String,
    pub status: String,
    pub poster_organization_id: Option<Uuid>,
    pub poster_person_id: Option<Uuid>,
    pub posted_by_id: Uuid,
    pub title: String,
    pub task: String,
    pub description: String,
    pub themes: String,
    pub target_groups: String,
    pub languages: String,
    pub place_name: Option<String>,
    pub address: Option<String>,
    pub postal_code: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub at_home: bool,
    pub attendance: String,
    pub reach_km: Option<f64>,
    pub schedule: String,
    pub effort_minutes: Option<i32>,
    pub capacity: Option<i32>,
    pub taken: i32,
    pub supports: i32,
    pub required_age: Option<i32>,
    pub requires_certificate: bool,
    pub requires_licence: bool,
    pub requires_wheelchair: bool,
    pub declared_age: Option<i32>,
    pub declares_certificate: Option<bool>,
    pub declares_licence: Option<bool>,
    pub declares_wheelchair: Option<bool>,
    pub certificate_declared_by_id: Option<Uuid>,
    pub certificate_declared_at: Option<DateTimeUtc>,
    pub expires_at: Option<DateTimeUtc>,
    pub posted_at: DateTimeUtc,
    pub assured_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub external_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
