//! A line of the history of a flag.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "overlap_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub overlap_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub event: String,
    pub by_person_id: Option<Uuid>,
    pub by_house_id: Option<Uuid>,
    pub comment: String,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
