//! One list of migrations for both databases. A migration that has been in a release is never
//! changed; what it made is changed by a later one.
#![warn(missing_docs)]

use sea_orm_migration::prelude::{MigrationTrait, async_trait};

pub use sea_orm_migration::MigratorTrait;

mod columns;
mod m2026_01_the_record;
mod m2026_02_visits_and_flags;

/// Every migration, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m2026_01_the_record::Migration),
            Box::new(m2026_02_visits_and_flags::Migration),
        ]
    }
}
