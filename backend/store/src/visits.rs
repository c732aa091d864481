//! Visits: arrangements, what is kept of the citizen, and each visit that was made.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use faelled_engine::{
    catalog::Catalog,
    id::{ArrangementId, Id, OrganizationId, kind},
    linkage::{KeyId, Token, TokenKind},
    schedule::ScheduleDraft,
    visit::{ArrangementStatus, Plan, PlanDraft, Visit, VisitArrangement, VisitOutcome},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Set, sea_query::LockType,
};
use uuid::Uuid;

use crate::{
    code::Code,
    connect::Store,
    entity::{citizen_token, organization, visit, visit_arrangement},
    error::StoreError,
    listings::{IN_A_STATEMENT, uuids},
    rows::{Row, readable, rows},
    time::recorded,
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

impl Code for ArrangementStatus {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Active, "active"), (Self::Ended, "ended")];
    const WHAT: &'static str = "status";
}

impl Code for VisitOutcome {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Held, "held"),
        (Self::CalledOff, "called_off"),
        (Self::NotReceived, "not_received"),
    ];
    const WHAT: &'static str = "outcome";
}

impl Code for TokenKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Phone, "phone"),
        (Self::NameBirth, "name_birth"),
        (Self::NameAddress, "name_address"),
        (Self::BirthAddress, "birth_address"),
        (Self::SoundBirth, "sound_birth"),
    ];
    const WHAT: &'static str = "kind";
}

impl Store {
    /// An arrangement.
    pub async fn arrangement(
        &self,
        id: ArrangementId,
    ) -> Result<Option<VisitArrangement>, StoreError> {
        visit_arrangement::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(|row| read(row, self.catalog()))
            .transpose()
    }

    /// Those of these arrangements that are there.
    pub async fn arrangements_by_ids(
        &self,
        ids: &[ArrangementId],
    ) -> Result<HashMap<ArrangementId, VisitArrangement>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IN_A_STATEMENT) {
            let select = visit_arrangement::Entity::find()
                .filter(visit_arrangement::Column::Id.is_in(uuids(ids)));
            let rows = rows(self.readers(), select).await?;
            let read = read_all(rows, self.catalog());
            found.extend(read.into_iter().map(|one| (one.id, one)));
        }
        Ok(found)
    }

    /// A page of an organization's arrangements, latest first.
    pub async fn arrangements_of(
        &self,
        organization: OrganizationId,
        window: &Window<Moment<kind::Arrangement>>,
    ) -> Result<Stretch<VisitArrangement>, StoreError> {
        let columns = (
            visit_arrangement::Column::RegisteredAt,
            visit_arrangement::Column::Id,
        );
        let select = cut_newest(of_organization(organization), columns, window);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, |rows| read_all(rows, self.catalog())))
    }

    /// How many arrangements an organization has.
    pub async fn count_arrangements_of(
        &self,
        organization: OrganizationId,
    ) -> Result<u64, StoreError> {
        Ok(of_organization(organization).count(self.readers()).await?)
    }

    /// What is kept of the citizen of an arrangement.
    pub async fn tokens_of(&self, arrangement: ArrangementId) -> Result<Vec<Token>, StoreError> {
        let select = citizen_token::Entity::find()
            .filter(citizen_token::Column::ArrangementId.eq(arrangement.uuid()));
        let rows = rows(self.readers(), select).await?;
        Ok(readable(rows, "citizen token", |row| read_token(&row)))
    }

    /// Arrangements after this one whose citizen is kept under other keys than these, in the order of
    /// their ids, at most so many.
    pub async fn arrangements_with_other_keys(
        &self,
        keys: &[KeyId],
        after: Option<ArrangementId>,
        limit: u64,
    ) -> Result<Vec<ArrangementId>, StoreError> {
        let mut select = citizen_token::Entity::find()
            .select_only()
            .column(citizen_token::Column::ArrangementId)
            .distinct()
            .filter(citizen_token::Column::Keys.ne(chain(keys)))
            .order_by_asc(citizen_token::Column::ArrangementId)
            .limit(limit);
        if let Some(after) = after {
            select = select.filter(citizen_token::Column::ArrangementId.gt(after.uuid()));
        }
        let found: Vec<Uuid> = select.into_tuple().all(self.readers()).await?;
        Ok(found.into_iter().map(Id::new).collect())
    }

    /// The active arrangements of other, verified organizations that share one of these tokens.
    pub async fn arrangements_sharing(
        &self,
        tokens: &[Token],
        organization: OrganizationId,
    ) -> Result<Vec<VisitArrangement>, StoreError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let any = tokens.iter().fold(Condition::any(), |any, token| {
            let row = token_row(ArrangementId::new(Uuid::nil()), token);
            any.add(
                Condition::all()
                    .add(citizen_token::Column::Value.eq(row.value))
                    .add(citizen_token::Column::Kind.eq(row.kind))
                    .add(citizen_token::Column::Scheme.eq(row.scheme))
                    .add(citizen_token::Column::Keys.eq(row.keys)),
            )
        });
        let sharing = citizen_token::Entity::find()
            .select_only()
            .column(citizen_token::Column::ArrangementId)
            .filter(any)
            .into_query();
        let verified = organization::Entity::find()
            .select_only()
            .column(organization::Column::Id)
            .filter(organization::Column::Verified.eq(true))
            .into_query();
        // One statement sees everything at one time, and there are as many for a citizen whom nobody
        // else visits.
        let select = visit_arrangement::Entity::find()
            .filter(visit_arrangement::Column::Status.eq(ArrangementStatus::Active.code()))
            .filter(visit_arrangement::Column::OrganizationId.ne(organization.uuid()))
            .filter(visit_arrangement::Column::OrganizationId.in_subquery(verified))
            .filter(visit_arrangement::Column::Id.in_subquery(sharing))
            .order_by_asc(visit_arrangement::Column::Id);
        let rows = rows(self.readers(), select).await?;
        Ok(read_all(rows, self.catalog()))
    }

    /// A page of the visits of an arrangement, latest first.
    pub async fn visits_of(
        &self,
        arrangement: ArrangementId,
        window: &Window<Moment<kind::Visit>>,
    ) -> Result<Stretch<Visit>, StoreError> {
        let select =
            visit::Entity::find().filter(visit::Column::ArrangementId.eq(arrangement.uuid()));
        let columns = (visit::Column::Start, visit::Column::Id);
        let rows = rows(self.readers(), cut_newest(select, columns, window)).await?;
        Ok(window.stretch(rows, |rows| readable(rows, "visit", |row| read_visit(&row))))
    }

    /// How many visits of an arrangement are logged.
    pub async fn count_visits_of(&self, arrangement: ArrangementId) -> Result<u64, StoreError> {
        let select =
            visit::Entity::find().filter(visit::Column::ArrangementId.eq(arrangement.uuid()));
        Ok(select.count(self.readers()).await?)
    }
}

impl Writing {
    /// Writes a new arrangement with what is kept of its citizen.
    pub async fn insert_arrangement(
        &mut self,
        arrangement: &VisitArrangement,
        tokens: &[Token],
    ) -> Result<(), StoreError> {
        let mut row = changes(arrangement, self.store.catalog());
        row.id = Set(arrangement.id.uuid());
        row.organization_id = Set(arrangement.organization.uuid());
        row.registered_by_id = Set(arrangement.registered_by.uuid());
        row.registered_at = Set(recorded(arrangement.registered_at));
        row.external_id = Set(arrangement.external_id.clone());
        visit_arrangement::Entity::insert(row)
            .exec_without_returning(&self.transaction)
            .await?;
        self.insert_tokens(arrangement.id, tokens).await
    }

    /// Arrangements that nobody else changes until this transaction ends, locked in the order of
    /// their ids.
    pub async fn arrangements_for_update(
        &mut self,
        ids: &[ArrangementId],
    ) -> Result<HashMap<ArrangementId, VisitArrangement>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        let ids: HashSet<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        for ids in ids.chunks(IN_A_STATEMENT) {
            let rows = visit_arrangement::Entity::find()
                .filter(visit_arrangement::Column::Id.is_in(ids.iter().copied()))
                .order_by_asc(visit_arrangement::Column::Id)
                .lock(LockType::NoKeyUpdate)
                .all(&self.transaction)
                .await?;
            for row in rows {
                let one = read(row, self.store.catalog())?;
                found.insert(one.id, one);
            }
        }
        Ok(found)
    }

    /// Writes what has changed, if the arrangement still has the version that was seen;
    /// `arrangement.version` is the new one. False when the version is another, or there is none.
    pub async fn update_arrangement(
        &mut self,
        arrangement: &VisitArrangement,
        seen_version: i32,
    ) -> Result<bool, StoreError> {
        let updated = visit_arrangement::Entity::update_many()
            .set(changes(arrangement, self.store.catalog()))
            .filter(visit_arrangement::Column::Id.eq(arrangement.id.uuid()))
            .filter(visit_arrangement::Column::Version.eq(seen_version))
            .exec(&self.transaction)
            .await?;
        Ok(updated.rows_affected == 1)
    }

    /// What is kept of the citizen of an arrangement, which nobody else changes until this transaction
    /// ends.
    pub async fn tokens_for_update(
        &mut self,
        arrangement: ArrangementId,
    ) -> Result<Vec<Token>, StoreError> {
        self.arrangements_for_update(&[arrangement]).await?;
        let rows = citizen_token::Entity::find()
            .filter(citizen_token::Column::ArrangementId.eq(arrangement.uuid()))
            .all(&self.transaction)
            .await?;
        rows.iter().map(read_token).collect()
    }

    /// Keeps these tokens of a citizen instead of what was kept.
    pub async fn replace_tokens(
        &mut self,
        arrangement: ArrangementId,
        tokens: &[Token],
    ) -> Result<(), StoreError> {
        citizen_token::Entity::delete_many()
            .filter(citizen_token::Column::ArrangementId.eq(arrangement.uuid()))
            .exec(&self.transaction)
            .await?;
        self.insert_tokens(arrangement, tokens).await
    }

    async fn insert_tokens(
        &mut self,
        arrangement: ArrangementId,
        tokens: &[Token],
    ) -> Result<(), StoreError> {
        if tokens.is_empty() {
            return Ok(());
        }
        let rows = tokens.iter().map(|token| {
            let row = token_row(arrangement, token);
            citizen_token::ActiveModel {
                arrangement_id: Set(row.arrangement_id),
                kind: Set(row.kind),
                scheme: Set(row.scheme),
                keys: Set(row.keys),
                value: Set(row.value),
            }
        });
        citizen_token::Entity::insert_many(rows)
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(())
    }

    /// Lets the facts of every active arrangement of an organization count as changed, so that
    /// whatever was judged before is judged again. Returns which.
    pub async fn touch_arrangements_of(
        &mut self,
        organization: OrganizationId,
    ) -> Result<Vec<ArrangementId>, StoreError> {
        let statement = self.statement(
            "UPDATE visit_arrangement SET facts = facts + 1 \
             WHERE organization_id = $1 AND status = 'active' RETURNING id",
            [organization.uuid().into()],
        );
        let rows = self.transaction.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| Ok(Id::new(row.try_get_by_index(0)?)))
            .collect()
    }

    /// Writes a visit. [`crate::Constraint::VisitLogged`] when one that began then is logged.
    pub async fn insert_visit(&mut self, visit: &Visit) -> Result<(), StoreError> {
        let minutes = i32::try_from(visit.length.num_minutes()).unwrap_or(i32::MAX);
        visit::Entity::insert(visit::ActiveModel {
            id: Set(visit.id.uuid()),
            arrangement_id: Set(visit.arrangement.uuid()),
            start: Set(recorded(visit.start)),
            minutes: Set(minutes),
            outcome: Set(visit.outcome.code().to_owned()),
            logged_by_id: Set(visit.logged_by.uuid()),
            logged_at: Set(recorded(visit.logged_at)),
        })
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(())
    }

    /// Forgets the tokens and the labels of arrangements that were over before a time. Returns of
    /// how many.
    pub async fn forget_citizens(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let over = "(ended_at IS NOT NULL AND ended_at < $1) \
                    OR (over_at IS NOT NULL AND over_at < $1)";
        let before = recorded(before);
        let tokens = self.statement(
            format!(
                "DELETE FROM citizen_token WHERE arrangement_id IN \
                 (SELECT id FROM visit_arrangement WHERE {over})"
            ),
            [before.into()],
        );
        let forgotten = self.transaction.execute_raw(tokens).await?.rows_affected();
        let labels = self.statement(
            format!(
                "UPDATE visit_arrangement SET sealed_label = NULL \
                 WHERE sealed_label IS NOT NULL AND ({over})"
            ),
            [before.into()],
        );
        self.transaction.execute_raw(labels).await?;
        Ok(forgotten)
    }
}

fn of_organization(organization: OrganizationId) -> Select<visit_arrangement::Entity> {
    visit_arrangement::Entity::find()
        .filter(visit_arrangement::Column::OrganizationId.eq(organization.uuid()))
}

/// What an update sets: not what never changes.
fn changes(arrangement: &VisitArrangement, catalog: &Catalog) -> visit_arrangement::ActiveModel {
    let draft = arrangement.plan.draft(catalog);
    let (agreed_by, agreed_at) = arrangement.agreed;
    visit_arrangement::ActiveModel {
        version: Set(arrangement.version),
        facts: Set(arrangement.facts),
        postal_code: Set(draft.postal_code),
        theme: Set(draft.theme),
        schedule: Set(serde_json::to_string(&draft.schedule).unwrap_or_default()),
        note: Set(draft.note),
        status: Set(arrangement.status.code().to_owned()),
        agreed_by_id: Set(agreed_by.uuid()),
        agreed_at: Set(recorded(agreed_at)),
        sealed_label: Set(arrangement.sealed_label.clone()),
        updated_at: Set(recorded(arrangement.updated_at)),
        ended_at: Set(arrangement.ended_at.map(recorded)),
        over_at: Set(arrangement.plan.over_at().map(recorded)),
        ..Default::default()
    }
}

fn read(row: visit_arrangement::Model, catalog: &Catalog) -> Result<VisitArrangement, StoreError> {
    let id = row.id;
    parse(row, catalog).map_err(|why| StoreError::corrupt("visit arrangement", id, why))
}

fn read_all(rows: Vec<Row<visit_arrangement::Model>>, catalog: &Catalog) -> Vec<VisitArrangement> {
    readable(rows, "visit arrangement", |row| read(row, catalog))
}

fn parse(row: visit_arrangement::Model, catalog: &Catalog) -> Result<VisitArrangement, String> {
    let schedule: ScheduleDraft =
        serde_json::from_str(&row.schedule).map_err(|_| "not readable: schedule".to_owned())?;
    let draft = PlanDraft {
        postal_code: row.postal_code,
        theme: row.theme,
        schedule,
        note: row.note,
    };
    let plan = Plan::restore(&draft, catalog).map_err(|problems| {
        let fields: Vec<String> = problems.iter().map(|p| p.field.join(".")).collect();
        format!("not valid: {}", fields.join(", "))
    })?;
    Ok(VisitArrangement {
        id: Id::new(row.id),
        version: row.version,
        facts: row.facts,
        organization: Id::new(row.organization_id),
        registered_by: Id::new(row.registered_by_id),
        plan,
        status: Code::read(&row.status)?,
        agreed: (Id::new(row.agreed_by_id), row.agreed_at),
        sealed_label: row.sealed_label,
        registered_at: row.registered_at,
        updated_at: row.updated_at,
        ended_at: row.ended_at,
        external_id: row.external_id,
    })
}

fn read_visit(row: &visit::Model) -> Result<Visit, StoreError> {
    let corrupt = |why| StoreError::corrupt("visit", row.id, why);
    Ok(Visit {
        id: Id::new(row.id),
        arrangement: Id::new(row.arrangement_id),
        start: row.start,
        length: chrono::TimeDelta::minutes(i64::from(row.minutes)),
        outcome: Code::read(&row.outcome).map_err(corrupt)?,
        logged_by: Id::new(row.logged_by_id),
        logged_at: row.logged_at,
    })
}

/// A chain of keys as the record keeps it, oldest first.
fn chain(keys: &[KeyId]) -> String {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.join(" ")
}

fn token_row(arrangement: ArrangementId, token: &Token) -> citizen_token::Model {
    citizen_token::Model {
        arrangement_id: arrangement.uuid(),
        kind: token.kind.code().to_owned(),
        scheme: i32::from(token.scheme),
        keys: chain(&token.keys),
        value: hex::encode(token.value),
    }
}

fn read_token(row: &citizen_token::Model) -> Result<Token, StoreError> {
    let id = row.arrangement_id;
    parse_token(row).map_err(|why| StoreError::corrupt("citizen token", id, why))
}

fn parse_token(row: &citizen_token::Model) -> Result<Token, String> {
    let unreadable = |what: &str| format!("not readable: {what}");
    let mut value = [0; 32];
    hex::decode_to_slice(&row.value, &mut value).map_err(|_| unreadable("value"))?;
    Ok(Token {
        kind: Code::read(&row.kind)?,
        scheme: u16::try_from(row.scheme).map_err(|_| unreadable("scheme"))?,
        keys: row
            .keys
            .split(' ')
            .map(KeyId::parse)
            .collect::<Option<_>>()
            .ok_or_else(|| unreadable("keys"))?,
        value,
    })
}
