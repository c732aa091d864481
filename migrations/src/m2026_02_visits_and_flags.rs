//! Visits to citizens who are known only by blind tokens, flagged overlaps, and what a volunteer
//! house looks after: its municipalities, and whom it trusts.

use sea_orm_migration::prelude::{
    ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKeyAction, Index,
    IndexCreateStatement, MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
};

use crate::columns::{
    id, id_or_none, long, number, one_of, refers, text, text_or_none, time, time_or_none,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        log_of_more_kinds(manager).await?;
        for table in [
            house_area(),
            suspension(),
            visit_arrangement(),
            citizen_token(),
            visit(),
            access_log(),
            check_budget(),
            overlap(),
            overlap_line(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// The change log tells of flags as well. SQLite cannot change a column's check, so that the table
/// is made anew.
async fn log_of_more_kinds(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let log = table("change_log")
        .col(long("position").primary_key())
        .col(one_of(
            "kind",
            &["listing", "organization", "match", "flag"],
        ))
        .col(id("subject_id"))
        .col(number("version"))
        .col(time("at"))
        .take();
    manager.create_table(log).await?;
    let connection = manager.get_connection();
    for statement in [
        "INSERT INTO change_log (position, kind, subject_id, version, at) \
         SELECT position, kind, subject_id, version, at FROM change",
        "DROP TABLE change",
        "ALTER TABLE change_log RENAME TO change",
    ] {
        connection.execute_unprepared(statement).await?;
    }
    manager
        .create_index(index("change", "change_at", &["at"]))
        .await
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// The municipalities that a volunteer house looks after.
fn house_area() -> TableCreateStatement {
    table("house_area")
        .col(id("organization_id"))
        .col(text("municipality"))
        .col(time("created_at"))
        .primary_key(Index::create().col("organization_id").col("municipality"))
        .foreign_key(&mut refers(
            "house_area",
            "organization_id",
            "organization",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

/// Organizations that a house has suspended; lifted by verifying them.
fn suspension() -> TableCreateStatement {
    table("suspension")
        .col(id("organization_id").primary_key())
        .col(text("reason"))
        .col(id("by_person_id"))
        .col(id("by_house_id"))
        .col(time("at"))
        .foreign_key(&mut refers(
            "suspension",
            "organization_id",
            "organization",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "suspension",
            "by_person_id",
            "person",
            ForeignKeyAction::Restrict,
        ))
        .foreign_key(&mut refers(
            "suspension",
            "by_house_id",
            "organization",
            ForeignKeyAction::Restrict,
        ))
        .take()
}

/// `over_at` is the end of the last visit; none when no end is in sight.
fn visit_arrangement() -> TableCreateStatement {
    let mut arrangement = table("visit_arrangement");
    arrangement
        .col(id("id").primary_key())
        .col(number("version"))
        .col(number("facts"))
        .col(id("organization_id"))
        .col(id("registered_by_id"))
        .col(text("postal_code"))
        .col(text("theme"))
        .col(text("schedule"))
        .col(text("note"))
        .col(one_of("status", &["active", "ended"]))
        .col(id("agreed_by_id"))
        .col(time("agreed_at"))
        .col(text_or_none("sealed_label"))
        .col(time("registered_at"))
        .col(time("updated_at"))
        .col(time_or_none("ended_at"))
        .col(time_or_none("over_at"))
        .col(text_or_none("external_id"))
        .check((
            "visit_arrangement_end",
            Expr::col("status")
                .eq("ended")
                .eq(Expr::col("ended_at").is_not_null()),
        ));
    for (column, to) in [
        ("organization_id", "organization"),
        ("registered_by_id", "person"),
        ("agreed_by_id", "person"),
    ] {
        arrangement.foreign_key(&mut refers(
            "visit_arrangement",
            column,
            to,
            ForeignKeyAction::Restrict,
        ));
    }
    arrangement
}

/// What is kept of a citizen: keyed tokens in hexadecimal digits, never what they were made of.
fn citizen_token() -> TableCreateStatement {
    table("citizen_token")
        .col(id("arrangement_id"))
        .col(one_of(
            "kind",
            &[
                "phone",
                "name_birth",
                "name_address",
                "birth_address",
                "sound_birth",
            ],
        ))
        .col(number("scheme"))
        .col(text("keys"))
        .col(text("value"))
        .primary_key(Index::create().col("arrangement_id").col("kind"))
        .foreign_key(&mut refers(
            "citizen_token",
            "arrangement_id",
            "visit_arrangement",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

fn visit() -> TableCreateStatement {
    table("visit")
        .col(id("id").primary_key())
        .col(id("arrangement_id"))
        .col(time("start"))
        .col(number("minutes"))
        .col(one_of("outcome", &["held", "called_off", "not_received"]))
        .col(id("logged_by_id"))
        .col(time("logged_at"))
        .foreign_key(&mut refers(
            "visit",
            "arrangement_id",
            "visit_arrangement",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "visit",
            "logged_by_id",
            "person",
            ForeignKeyAction::Restrict,
        ))
        .take()
}

/// Who looked at what of citizens, or asked about them. Holds no citizen.
fn access_log() -> TableCreateStatement {
    table("access_log")
        .col(id("id").primary_key())
        .col(time("at"))
        .col(id("person_id"))
        .col(id("organization_id"))
        .col(one_of(
            "action",
            &["check", "register", "update", "end", "read_flags"],
        ))
        .col(id_or_none("subject_id"))
        .col(text_or_none("municipality"))
        .foreign_key(&mut refers(
            "access_log",
            "person_id",
            "person",
            ForeignKeyAction::Restrict,
        ))
        .foreign_key(&mut refers(
            "access_log",
            "organization_id",
            "organization",
            ForeignKeyAction::Restrict,
        ))
        .take()
}

/// How often a person has asked for an organization on a day in Denmark.
fn check_budget() -> TableCreateStatement {
    table("check_budget")
        .col(id("person_id"))
        .col(id("organization_id"))
        .col(text("day"))
        .col(number("used"))
        .primary_key(
            Index::create()
                .col("person_id")
                .col("organization_id")
                .col("day"),
        )
        .foreign_key(&mut refers(
            "check_budget",
            "person_id",
            "person",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "check_budget",
            "organization_id",
            "organization",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

/// Flags. Each pair of things has one of a kind, for ever: it ends and reopens.
fn overlap() -> TableCreateStatement {
    let mut overlap = table("overlap");
    overlap
        .col(id("id").primary_key())
        .col(number("version"))
        .col(one_of(
            "kind",
            &["same_citizen", "parallel_activities", "duplicate_listings"],
        ))
        .col(one_of(
            "status",
            &["open", "coordinated", "dismissed", "ended"],
        ))
        .col(one_of("severity", &["low", "medium", "high"]))
        .col(text("reasons"))
        .col(time_or_none("until"))
        .col(time("raised_at"))
        .col(time("updated_at"))
        .check(("overlap_pair", Expr::col("low_id").lt(Expr::col("high_id"))));
    for side in [
        [
            "low_id",
            "low_organization_id",
            "low_postal_code",
            "low_municipality",
            "low_facts",
        ],
        [
            "high_id",
            "high_organization_id",
            "high_postal_code",
            "high_municipality",
            "high_facts",
        ],
    ] {
        let [subject, organization, postal_code, municipality, facts] = side;
        overlap
            .col(id(subject))
            .col(id_or_none(organization))
            .col(text(postal_code))
            .col(text(municipality))
            .col(number(facts))
            .foreign_key(&mut refers(
                "overlap",
                organization,
                "organization",
                ForeignKeyAction::Restrict,
            ));
    }
    overlap
}

/// The history of flags.
fn overlap_line() -> TableCreateStatement {
    table("overlap_line")
        .col(id("overlap_id"))
        .col(number("version"))
        .col(one_of(
            "event",
            &[
                "raised",
                "moved",
                "ended",
                "reopened",
                "coordinated",
                "dismissed",
            ],
        ))
        .col(id_or_none("by_person_id"))
        .col(id_or_none("by_house_id"))
        .col(text("comment"))
        .col(time("at"))
        .primary_key(Index::create().col("overlap_id").col("version"))
        .foreign_key(&mut refers(
            "overlap_line",
            "overlap_id",
            "overlap",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "overlap_line",
            "by_person_id",
            "person",
            ForeignKeyAction::Restrict,
        ))
        .foreign_key(&mut refers(
            "overlap_line",
            "by_house_id",
            "organization",
            ForeignKeyAction::Restrict,
        ))
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let plain: [(&str, &str, &[&str]); 9] = [
        ("house_area", "house_area_municipality", &["municipality"]),
        (
            "visit_arrangement",
            "visit_arrangement_newest",
            &["organization_id", "registered_at", "id"],
        ),
        (
            "visit_arrangement",
            "visit_arrangement_ended",
            &["ended_at"],
        ),
        (
            "citizen_token",
            "citizen_token_value",
            &["value", "kind", "scheme"],
        ),
        (
            "access_log",
            "access_log_newest",
            &["municipality", "at", "id"],
        ),
        ("overlap", "overlap_high", &["high_id"]),
        (
            "overlap",
            "overlap_low_newest",
            &["low_municipality", "raised_at", "id"],
        ),
        (
            "overlap",
            "overlap_high_newest",
            &["high_municipality", "raised_at", "id"],
        ),
        ("overlap", "overlap_until", &["until"]),
    ];
    let unique: [(&str, &str, &[&str]); 3] = [
        (
            "visit_arrangement",
            "visit_arrangement_external_id",
            &["organization_id", "external_id"],
        ),
        ("visit", "visit_once", &["arrangement_id", "start"]),
        ("overlap", "overlap_once", &["low_id", "high_id", "kind"]),
    ];
    let plain = plain
        .into_iter()
        .map(|(table, name, columns)| index(table, name, columns));
    let unique = unique
        .into_iter()
        .map(|(table, name, columns)| index(table, name, columns).unique().take());
    plain.chain(unique).collect()
}

fn index(
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
