//! The record as it began: people and organizations, listings, matches, and what moves the house
//! (change log, jobs, notices, idempotency keys).

use sea_orm_migration::prelude::{
    Condition, ConditionalStatement, ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait,
    ForeignKeyAction, Index, IndexCreateStatement, MigrationTrait, Query, SchemaManager, Table,
    TableCreateStatement, async_trait,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{
    flag, flag_or_none, id, id_or_none, long, number, number_or_none, one_of, real_or_none, refers,
    text, text_or_none, time, time_or_none,
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
        let backend = manager.get_database_backend();
        for table in [
            meta(),
            person(),
            organization(backend),
            membership(),
            token(),
            listing(),
            listing_theme(),
            support(),
            agreement(),
            change_head(),
            change(),
            job(),
            notice(),
            idempotency(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let head = Query::insert()
            .into_table("change_head")
            .columns(["id", "position"])
            .values_panic([Expr::val(1), Expr::val(0)])
            .take();
        manager.get_connection().execute(&head).await?;
        Ok(())
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// Facts about the record itself.
fn meta() -> TableCreateStatement {
    table("meta")
        .col(text("key").primary_key())
        .col(text("value"))
        .take()
}

fn person() -> TableCreateStatement {
    table("person")
        .col(id("id").primary_key())
        .col(text("first_name"))
        .col(text("surname"))
        .col(text_or_none("email"))
        .col(text_or_none("phone"))
        .col(flag("shows_first_name"))
        .col(time("created_at"))
        .take()
}

/// `name_folded` holds the folded words of the name with a space before each, so that "a word that
/// begins with" is one LIKE. It orders by bytes on both databases.
fn organization(backend: DbBackend) -> TableCreateStatement {
    let mut name_folded = text("name_folded");
    if backend == DbBackend::Postgres {
        name_folded.extra("COLLATE \"C\"");
    }
    table("organization")
        .col(id("id").primary_key())
        .col(number("version"))
        .col(text("name"))
        .col(&mut name_folded)
        .col(one_of(
            "kind",
            &["association", "branch", "public_body", "volunteer_house"],
        ))
        .col(id_or_none("parent_id"))
        .col(text_or_none("cvr"))
        .col(text_or_none("email"))
        .col(text_or_none("phone"))
        .col(text_or_none("website"))
        .col(text("postal_code"))
        .col(text("description"))
        .col(flag("verified"))
        .col(text_or_none("external_id"))
        .col(time("created_at"))
        .col(time("updated_at"))
        .foreign_key(&mut refers(
            "organization",
            "parent_id",
            "organization",
            ForeignKeyAction::SetNull,
        ))
        .take()
}

fn membership() -> TableCreateStatement {
    table("membership")
        .col(id("person_id"))
        .col(id("organization_id"))
        .col(one_of("role", &["member", "coordinator", "admin"]))
        .col(time("created_at"))
        .primary_key(Index::create().col("person_id").col("organization_id"))
        .foreign_key(&mut refers(
            "membership",
            "person_id",
            "person",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "membership",
            "organization_id",
            "organization",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

/// Bearer tokens, known only by their SHA-256 in lower-case hexadecimal digits.
fn token() -> TableCreateStatement {
    table("token")
        .col(text("hash").primary_key())
        .col(id("person_id"))
        .col(text("label"))
        .col(time("created_at"))
        .col(time_or_none("expires_at"))
        .col(time_or_none("revoked_at"))
        .foreign_key(&mut refers(
            "token",
            "person_id",
            "person",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

/// Lists that are only read whole are JSON texts. Themes stand in `listing_theme` as well, since
/// jobs gather by theme.
fn listing() -> TableCreateStatement {
    let mut listing = table("listing");
    listing
        .col(id("id").primary_key())
        .col(number("version"))
        .col(number("revision"))
        .col(one_of("kind", &["offer", "need", "wish"]))
        .col(one_of("status", &["open", "paused", "closed", "withdrawn"]))
        .col(id_or_none("poster_organization_id"))
        .col(id_or_none("poster_person_id"))
        .col(id("posted_by_id"))
        .col(text("title"))
        .col(text("task"))
        .col(text("description"))
        .col(text("themes"))
        .col(text("target_groups"))
        .col(text("languages"))
        .col(text_or_none("place_name"))
        .col(text_or_none("address"))
        .col(text("postal_code"))
        .col(real_or_none("latitude"))
        .col(real_or_none("longitude"))
        .col(flag("at_home"))
        .col(one_of(
            "attendance",
            &["at_my_place", "i_travel", "either", "remote"],
        ))
        .col(real_or_none("reach_km"))
        .col(text("schedule"))
        .col(number_or_none("effort_minutes"))
        .col(number_or_none("capacity"))
        .col(number("taken"))
        .col(number("supports"))
        .col(number_or_none("required_age"))
        .col(flag("requires_certificate"))
        .col(flag("requires_licence"))
        .col(flag("requires_wheelchair"))
        .col(number_or_none("declared_age"))
        .col(flag_or_none("declares_certificate"))
        .col(flag_or_none("declares_licence"))
        .col(flag_or_none("declares_wheelchair"))
        .col(id_or_none("certificate_declared_by_id"))
        .col(time_or_none("certificate_declared_at"))
        .col(time_or_none("expires_at"))
        .col(time("posted_at"))
        .col(time("assured_at"))
        .col(time("updated_at"))
        .col(text_or_none("external_id"))
        .check((
            "listing_poster",
            exactly_one("poster_organization_id", "poster_person_id"),
        ))
        .check((
            "listing_point",
            Expr::col("latitude")
                .is_null()
                .eq(Expr::col("longitude").is_null()),
        ))
        .check((
            "listing_certificate",
            Expr::col("certificate_declared_by_id")
                .is_null()
                .eq(Expr::col("certificate_declared_at").is_null()),
        ))
        .check((
            "listing_capacity",
            Expr::col("capacity")
                .is_null()
                .or(Expr::col("taken").lte(Expr::col("capacity"))),
        ))
        .check((
            "listing_counts",
            Expr::col("taken").gte(0).and(Expr::col("supports").gte(0)),
        ));
    for (column, to) in [
        ("poster_organization_id", "organization"),
        ("poster_person_id", "person"),
        ("posted_by_id", "person"),
        ("certificate_declared_by_id", "person"),
    ] {
        listing.foreign_key(&mut refers(
            "listing",
            column,
            to,
            ForeignKeyAction::Restrict,
        ));
    }
    listing
}

fn listing_theme() -> TableCreateStatement {
    table("listing_theme")
        .col(id("listing_id"))
        .col(text("theme"))
        .primary_key(Index::create().col("listing_id").col("theme"))
        .foreign_key(&mut refers(
            "listing_theme",
            "listing_id",
            "listing",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

fn support() -> TableCreateStatement {
    table("support")
        .col(id("listing_id"))
        .col(id("person_id"))
        .col(time("created_at"))
        .primary_key(Index::create().col("listing_id").col("person_id"))
        .foreign_key(&mut refers(
            "support",
            "listing_id",
            "listing",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "support",
            "person_id",
            "person",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

/// Agreed pairings. `pair_low` and `pair_high` are the listing and its counterpart (or, without
/// one, the proposer) in order, so that a pair is the same pair from both sides.
fn agreement() -> TableCreateStatement {
    let mut agreement = table("agreement");
    agreement
        .col(id("id").primary_key())
        .col(number("version"))
        .col(id("listing_id"))
        .col(id_or_none("counterpart_id"))
        .col(id("pair_low"))
        .col(id("pair_high"))
        .col(id_or_none("proposer_organization_id"))
        .col(id_or_none("proposer_person_id"))
        .col(id("proposed_by_id"))
        .col(id_or_none("owner_organization_id"))
        .col(id_or_none("owner_person_id"))
        .col(id_or_none("answered_by_id"))
        .col(one_of(
            "status",
            &[
                "proposed",
                "confirmed",
                "completed",
                "declined",
                "withdrawn",
                "expired",
            ],
        ))
        .col(text("message"))
        .col(time("proposed_at"))
        .col(time("updated_at"))
        .check((
            "agreement_proposer",
            exactly_one("proposer_organization_id", "proposer_person_id"),
        ))
        .check((
            "agreement_owner",
            exactly_one("owner_organization_id", "owner_person_id"),
        ))
        .check((
            "agreement_pair",
            Expr::col("pair_low").lt(Expr::col("pair_high")),
        ));
    for (column, to) in [
        ("listing_id", "listing"),
        ("counterpart_id", "listing"),
        ("proposer_organization_id", "organization"),
        ("proposer_person_id", "person"),
        ("proposed_by_id", "person"),
        ("owner_organization_id", "organization"),
        ("owner_person_id", "person"),
        ("answered_by_id", "person"),
    ] {
        agreement.foreign_key(&mut refers(
            "agreement",
            column,
            to,
            ForeignKeyAction::Restrict,
        ));
    }
    agreement
}

/// One row: the position of the last change.
fn change_head() -> TableCreateStatement {
    table("change_head")
        .col(number("id").primary_key().check(Expr::col("id").eq(1)))
        .col(long("position"))
        .take()
}

fn change() -> TableCreateStatement {
    table("change")
        .col(long("position").primary_key())
        .col(one_of("kind", &["listing", "organization", "match"]))
        .col(id("subject_id"))
        .col(number("version"))
        .col(time("at"))
        .take()
}

/// `fresh` jobs have never been claimed; `waiting` ones have, and wait for another try.
fn job() -> TableCreateStatement {
    table("job")
        .col(long("id").primary_key().auto_increment())
        .col(text("kind"))
        .col(text("key"))
        .col(text("payload"))
        .col(one_of("state", &["fresh", "waiting", "claimed", "dead"]))
        .col(time("run_at"))
        .col(number("attempts"))
        .col(id_or_none("lease"))
        .col(time_or_none("leased_until"))
        .col(text_or_none("last_error"))
        .col(time("created_at"))
        .check((
            "job_lease",
            Expr::col("state").eq("claimed").eq(Expr::col("lease")
                .is_not_null()
                .and(Expr::col("leased_until").is_not_null())),
        ))
        .take()
}

fn notice() -> TableCreateStatement {
    table("notice")
        .col(id("id").primary_key())
        .col(one_of("kind", &["new_counterpart"]))
        .col(id("listing_id"))
        .col(id("counterpart_id"))
        .col(real_or_none("score").not_null())
        .col(time("created_at"))
        .col(time_or_none("read_at"))
        .foreign_key(&mut refers(
            "notice",
            "listing_id",
            "listing",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut refers(
            "notice",
            "counterpart_id",
            "listing",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

fn idempotency() -> TableCreateStatement {
    table("idempotency")
        .col(id("person_id"))
        .col(text("mutation"))
        .col(text("key"))
        .col(text("input_hash"))
        .col(text_or_none("result"))
        .col(time("expires_at"))
        .primary_key(Index::create().col("person_id").col("mutation").col("key"))
        .foreign_key(&mut refers(
            "idempotency",
            "person_id",
            "person",
            ForeignKeyAction::Cascade,
        ))
        .take()
}

fn exactly_one(a: &'static str, b: &'static str) -> Expr {
    Expr::col(a).is_null().ne(Expr::col(b).is_null())
}

fn indexes() -> Vec<IndexCreateStatement> {
    let plain: [(&str, &str, &[&str]); 19] = [
        ("organization", "organization_name", &["name_folded", "id"]),
        (
            "membership",
            "membership_organization",
            &["organization_id"],
        ),
        ("token", "token_person", &["person_id"]),
        (
            "listing",
            "listing_by_organization",
            &["poster_organization_id", "posted_at", "id"],
        ),
        (
            "listing",
            "listing_by_person",
            &["poster_person_id", "posted_at", "id"],
        ),
        (
            "listing_theme",
            "listing_theme_theme",
            &["theme", "listing_id"],
        ),
        ("support", "support_person", &["person_id"]),
        ("agreement", "agreement_listing", &["listing_id"]),
        ("agreement", "agreement_counterpart", &["counterpart_id"]),
        (
            "agreement",
            "agreement_proposer_organization",
            &["proposer_organization_id"],
        ),
        (
            "agreement",
            "agreement_proposer_person",
            &["proposer_person_id"],
        ),
        (
            "agreement",
            "agreement_owner_organization",
            &["owner_organization_id"],
        ),
        ("agreement", "agreement_owner_person", &["owner_person_id"]),
        ("change", "change_at", &["at"]),
        ("job", "job_due", &["state", "run_at", "id"]),
        ("job", "job_by_lease", &["lease"]),
        (
            "notice",
            "notice_newest",
            &["listing_id", "created_at", "id"],
        ),
        ("notice", "notice_counterpart", &["counterpart_id"]),
        ("idempotency", "idempotency_expiry", &["expires_at"]),
    ];
    let unique: [(&str, &str, &[&str]); 4] = [
        ("organization", "organization_external_id", &["external_id"]),
        (
            "listing",
            "listing_organization_external_id",
            &["poster_organization_id", "external_id"],
        ),
        (
            "listing",
            "listing_person_external_id",
            &["poster_person_id", "external_id"],
        ),
        (
            "notice",
            "notice_once",
            &["kind", "listing_id", "counterpart_id"],
        ),
    ];
    let plain = plain
        .into_iter()
        .map(|(table, name, columns)| index(table, name, columns));
    let unique = unique
        .into_iter()
        .map(|(table, name, columns)| index(table, name, columns).unique().take());
    plain.chain(unique).chain(partial_indexes()).collect()
}

/// Indexes of some rows only. Two of them are rules: one live match for a pair, and one job of a
/// kind and key among those that nobody has claimed.
fn partial_indexes() -> [IndexCreateStatement; 3] {
    let some = |index: IndexCreateStatement, rows: Expr| {
        let mut index = index;
        index.cond_where(Condition::all().add(rows)).take()
    };
    [
        some(
            index("listing", "listing_open", &["id"]),
            Expr::col("status").eq("open"),
        ),
        some(
            index(
                "agreement",
                "agreement_live_pair",
                &["pair_low", "pair_high"],
            )
            .unique()
            .take(),
            Expr::col("status").is_in(["proposed", "confirmed"]),
        ),
        some(
            index("job", "job_fresh", &["kind", "key"]).unique().take(),
            Expr::col("state").eq("fresh"),
        ),
    ]
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
