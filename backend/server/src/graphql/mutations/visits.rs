//! Registering, checking, changing and ending visit arrangements, and logging visits.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use faelled_engine::{citizen::CitizenDraft, visit::PlanDraft};

use super::{
    super::{
        Here,
        error::{Answered, ApiResult, UserError, answered},
        id,
        inputs::ScheduleInput,
        types::{
            overlap::Overlap,
            scalars::VisitOutcome,
            visit::{Visit, VisitArrangement},
        },
    },
    payload,
};
use crate::app::visits::{self, ArrangementChanges, ArrangementDraft, Checked, Declared};

/// Mutations of visits.
#[derive(Default)]
pub struct VisitMutations;

/// Who is visited. These fields are turned into tokens that can be compared and not read, and are
/// not kept. Give what you know: a phone number, or a full name with a birth date or an address.
#[derive(Default, InputObject)]
pub struct CitizenInput {
    /// Phone number.
    phone: Option<String>,
    /// Birth date, as people write it: 12-03-1941.
    birth_date: Option<String>,
    /// First name and surname.
    name: Option<String>,
    /// Street and house number.
    address: Option<String>,
}

impl From<CitizenInput> for CitizenDraft {
    fn from(input: CitizenInput) -> Self {
        Self {
            phone: input.phone,
            birth_date: input.birth_date,
            name: input.name,
            address: input.address,
        }
    }
}

/// A visit arrangement to be registered.
#[derive(InputObject)]
pub struct RegisterVisitArrangementInput {
    /// Whose it is: a verified organization that the viewer coordinates.
    organization: ID,
    /// Who is visited.
    citizen: CitizenInput,
    /// What the organization itself calls the citizen, 1-60 characters; kept sealed.
    label: Option<String>,
    /// The citizen's postcode, four digits.
    postal_code: String,
    /// What the visits are about: a theme code.
    theme: String,
    /// When.
    schedule: ScheduleInput,
    /// A note for the organization itself, at most 500 characters, that tells nothing of the citizen.
    note: Option<String>,
    /// Declares that the citizen knows of the visits and agrees that they are compared.
    #[graphql(default = false)]
    citizen_agrees: bool,
    /// 1-128 visible ASCII characters. The same key and input within 24 hours gives the first
    /// answer, and registers nothing more.
    idempotency_key: Option<String>,
}

/// A visit arrangement that is only drafted.
#[derive(InputObject)]
pub struct CheckVisitArrangementInput {
    /// Whose it would be: a verified organization that the viewer coordinates.
    organization: ID,
    /// Who would be visited.
    citizen: CitizenInput,
    /// The citizen's postcode, four digits.
    postal_code: String,
    /// What the visits would be about: a theme code.
    theme: String,
    /// When.
    schedule: ScheduleInput,
}

/// Changes to a visit arrangement. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateVisitArrangementInput {
    /// Which arrangement.
    id: ID,
    /// The version that was seen.
    version: i32,
    /// Who is visited, as a whole. Needs `citizenAgrees`.
    citizen: Option<CitizenInput>,
    /// What the organization itself calls the citizen; null takes it away.
    label: MaybeUndefined<String>,
    /// The citizen's postcode, four digits. An address is compared within its postcode, so give the
    /// citizen anew when it moves.
    postal_code: Option<String>,
    /// What the visits are about: a theme code.
    theme: Option<String>,
    /// When, as a whole.
    schedule: Option<ScheduleInput>,
    /// A note; null takes it away.
    note: MaybeUndefined<String>,
    /// Declares that the citizen knows of the visits and agrees that they are compared.
    #[graphql(default = false)]
    citizen_agrees: bool,
}

/// A visit arrangement to be ended.
#[derive(InputObject)]
pub struct EndVisitArrangementInput {
    /// Which arrangement.
    id: ID,
    /// The version that was seen.
    version: i32,
}

/// A visit to be logged.
#[derive(InputObject)]
pub struct LogVisitInput {
    /// Of which arrangement.
    arrangement: ID,
    /// When it began, or was to begin; at most 366 days ago.
    start: DateTime<Utc>,
    /// Minutes that it took, 1 to 1,440; 0 for one that was not made.
    minutes: i32,
    /// What became of it.
    #[graphql(default_with = "VisitOutcome::Held")]
    outcome: VisitOutcome,
}

/// The arrangement that was registered.
#[derive(SimpleObject)]
pub struct RegisterVisitArrangementPayload {
    /// The arrangement.
    arrangement: Option<VisitArrangement>,
    /// Flags that another association visits the same citizen close in time.
    overlaps: Vec<Overlap>,
    /// What is wrong with the input; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What a draft would meet.
#[derive(SimpleObject)]
pub struct VisitCheck {
    /// Whether another association visits the same citizen close in time.
    is_close: bool,
    /// How often the viewer may still ask today for this organization.
    checks_left: u32,
}

impl From<Checked> for VisitCheck {
    fn from(checked: Checked) -> Self {
        Self {
            is_close: checked.is_close,
            checks_left: checked.checks_left,
        }
    }
}

payload! {
    /// What a draft would meet.
    CheckVisitArrangementPayload {
        /// The answer.
        check: VisitCheck
    }
}

/// The arrangement that was changed.
#[derive(SimpleObject)]
pub struct UpdateVisitArrangementPayload {
    /// The arrangement as it is now.
    arrangement: Option<VisitArrangement>,
    /// Flags that another association visits the same citizen close in time.
    overlaps: Vec<Overlap>,
    /// What is wrong with the input; empty when it was done.
    user_errors: Vec<UserError>,
}

payload! {
    /// The arrangement that was ended.
    EndVisitArrangementPayload {
        /// The arrangement as it is now.
        arrangement: VisitArrangement
    }
}
payload! {
    /// The visit that was logged.
    LogVisitPayload {
        /// The visit.
        visit: Visit
    }
}

const fn declared(citizen_agrees: bool) -> Declared {
    if citizen_agrees {
        Declared::Agreed
    } else {
        Declared::Nothing
    }
}

/// Mutations of visits.
#[Object]
impl VisitMutations {
    /// Registers visits to a citizen, once or again and again. The answer already says whether
    /// another association visits the same citizen close in time. Counts against the day's checks.
    async fn register_visit_arrangement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The arrangement.")] input: RegisterVisitArrangementInput,
    ) -> ApiResult<RegisterVisitArrangementPayload> {
        let draft = ArrangementDraft {
            organization: id::decode(&input.organization),
            citizen: input.citizen.into(),
            plan: PlanDraft {
                postal_code: input.postal_code,
                theme: input.theme,
                schedule: input.schedule.into(),
                note: input.note.unwrap_or_default(),
            },
        };
        let (label, key) = (input.label.as_deref(), input.idempotency_key.as_deref());
        let declared = declared(input.citizen_agrees);
        let outcome = visits::register(ctx.app(), ctx.actor(), draft, label, declared, key).await;
        Ok(match answered(ctx.language(), outcome)? {
            Answered::Done(arrangement) => RegisterVisitArrangementPayload {
                overlaps: Overlap::of(ctx, arrangement.id.uuid()).await?,
                arrangement: Some(VisitArrangement(arrangement)),
                user_errors: Vec::new(),
            },
            Answered::Refused(user_errors) => RegisterVisitArrangementPayload {
                arrangement: None,
                overlaps: Vec::new(),
                user_errors,
            },
        })
    }

    /// Says of a draft whether another association visits the same citizen close in time. The
    /// question is kept in a log that the volunteer house reads, and counts against the day's checks.
    async fn check_visit_arrangement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: CheckVisitArrangementInput,
    ) -> ApiResult<CheckVisitArrangementPayload> {
        let draft = ArrangementDraft {
            organization: id::decode(&input.organization),
            citizen: input.citizen.into(),
            plan: PlanDraft {
                postal_code: input.postal_code,
                theme: input.theme,
                schedule: input.schedule.into(),
                note: String::new(),
            },
        };
        let outcome = visits::check(ctx.app(), ctx.actor(), draft).await;
        CheckVisitArrangementPayload::new(ctx.language(), outcome, VisitCheck::from)
    }

    /// Changes a visit arrangement. Other times, another place or another citizen count against the
    /// day's checks.
    async fn update_visit_arrangement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateVisitArrangementInput,
    ) -> ApiResult<UpdateVisitArrangementPayload> {
        let cleared = |text: MaybeUndefined<String>| match text {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(String::new()),
            MaybeUndefined::Value(text) => Some(text),
        };
        let changes = ArrangementChanges {
            citizen: input.citizen.map(Into::into),
            label: cleared(input.label),
            postal_code: input.postal_code,
            theme: input.theme,
            schedule: input.schedule.map(Into::into),
            note: cleared(input.note),
        };
        let declared = declared(input.citizen_agrees);
        let (id, version) = (id::decode(&input.id), input.version);
        let outcome = visits::update(ctx.app(), ctx.actor(), id, version, changes, declared).await;
        Ok(match answered(ctx.language(), outcome)? {
            Answered::Done(arrangement) => UpdateVisitArrangementPayload {
                overlaps: Overlap::of(ctx, arrangement.id.uuid()).await?,
                arrangement: Some(VisitArrangement(arrangement)),
                user_errors: Vec::new(),
            },
            Answered::Refused(user_errors) => UpdateVisitArrangementPayload {
                arrangement: None,
                overlaps: Vec::new(),
                user_errors,
            },
        })
    }

    /// Ends a visit arrangement. What is kept of the citizen is forgotten some time later.
    async fn end_visit_arrangement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The arrangement.")] input: EndVisitArrangementInput,
    ) -> ApiResult<EndVisitArrangementPayload> {
        let id = id::decode(&input.id);
        let outcome = visits::end(ctx.app(), ctx.actor(), id, input.version).await;
        EndVisitArrangementPayload::new(ctx.language(), outcome, VisitArrangement)
    }

    /// Logs a visit that was made, or was not.
    async fn log_visit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit.")] input: LogVisitInput,
    ) -> ApiResult<LogVisitPayload> {
        let draft = faelled_engine::visit::VisitDraft {
            start: input.start,
            minutes: i64::from(input.minutes),
            outcome: input.outcome.into(),
        };
        let id = id::decode(&input.arrangement);
        let outcome = visits::log(ctx.app(), ctx.actor(), id, draft).await;
        LogVisitPayload::new(ctx.language(), outcome, Visit::from)
    }
}
