//! After an arrangement was registered, changed or ended: who else visits this citizen close in
//! time? *Gather* from the record who could, let the engine *decide*, *record* a flag for each pair,
//! once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use faelled_engine::{
    flag::{Finding, FlagSide, OverlapKind},
    id::{ArrangementId, Id},
    overlap::visits,
    schedule::HORIZON,
    visit::VisitArrangement,
};
use faelled_store::{ClaimedJob, JobDraft, StoreError};
use uuid::Uuid;

use super::{
    JobError,
    flagging::{self, Found},
};
use crate::{
    app::{App, visits::deciding},
    judging::judging,
};

/// The kind of this job.
pub const KIND: &str = "assess_visits";

/// How often an arrangement is judged anew because others keep changing.
const TRIES: usize = 5;
/// How long a judgement holds: rules without an end are judged over a horizon that moves on.
const HOLDS: TimeDelta = TimeDelta::days(30);

/// The job for an arrangement whose facts have changed.
pub fn draft(arrangement: ArrangementId, now: DateTime<Utc>) -> JobDraft {
    JobDraft {
        kind: KIND,
        key: arrangement.uuid().to_string(),
        payload: serde_json::Value::Null,
        run_at: now,
    }
}

/// Judges an arrangement as it is now.
pub async fn perform(app: &App, job: &ClaimedJob) -> Result<(), JobError> {
    let id = job
        .key
        .parse()
        .map(ArrangementId::new)
        .map_err(|_| JobError::Fail("no id of an arrangement"))?;
    Ok(assess(app, id, Some(job)).await?)
}

/// Judges an arrangement as it is now, and completes the job that asked for it, if there is one.
/// Flags, their history and the end of the job commit together, on condition that what was judged is
/// still so; else it is judged again.
pub async fn assess(
    app: &App,
    id: ArrangementId,
    job: Option<&ClaimedJob>,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    for _ in 0..TRIES {
        let gathered = gather(app, id).await?;
        let known = gathered.facts();
        let found = judging(move || decide(&gathered, now)).await;
        let mut writing = app.store.write(now).await?;
        let locked: Vec<ArrangementId> = known.keys().copied().collect();
        let locked = writing.arrangements_for_update(&locked).await?;
        let facts: BTreeMap<_, _> = locked.values().map(|one| (one.id, one.facts)).collect();
        if facts != known {
            writing.rollback().await?;
            continue;
        }
        let sides: HashMap<Uuid, FlagSide> = locked.values().map(side_of).collect();
        flagging::record(&mut writing, id.uuid(), &sides, found, now).await?;
        if let Some(job) = job {
            if !writing.complete_job(job).await? {
                return Ok(());
            }
            if locked.get(&id).is_some_and(VisitArrangement::is_active) {
                writing.enqueue(JobDraft {
                    run_at: now + HOLDS,
                    ..draft(id, now)
                });
            }
        }
        app.commit(writing).await?;
        return Ok(());
    }
    Err(StoreError::Busy)
}

/// What could overlap with an arrangement.
struct Gathered {
    /// The arrangement, if it is active and of a verified organization.
    subject: Option<VisitArrangement>,
    /// Active arrangements of the same citizen, of other verified organizations.
    others: Vec<VisitArrangement>,
    /// Everything that the judgement rests on, flagged earlier or not.
    known: Vec<VisitArrangement>,
}

impl Gathered {
    fn facts(&self) -> BTreeMap<ArrangementId, i32> {
        self.known.iter().map(|one| (one.id, one.facts)).collect()
    }
}

/// Facts are read before what is found by them: whatever changes in between is seen to have changed
/// when it is locked, and is judged again.
async fn gather(app: &App, id: ArrangementId) -> Result<Gathered, StoreError> {
    let Some(subject) = app.store.arrangement(id).await? else {
        return Ok(Gathered {
            subject: None,
            others: Vec::new(),
            known: Vec::new(),
        });
    };
    let flagged = app.store.flags_of(&[id.uuid()]).await?;
    let flagged: Vec<ArrangementId> = flagged
        .into_values()
        .flatten()
        .flat_map(|flag| flag.sides.map(|side| Id::new(side.subject)))
        .collect();
    let mut known = app.store.arrangements_by_ids(&flagged).await?;
    let organization = app.store.organization(subject.organization).await?;
    let counts = subject.is_active() && organization.is_some_and(|known| known.verified);
    let others = if counts {
        let tokens = deciding(app.store.tokens_of(id).await?);
        app.store
            .arrangements_sharing(&tokens, subject.organization)
            .await?
    } else {
        Vec::new()
    };
    known.extend(others.iter().map(|one| (one.id, one.clone())));
    known.insert(id, subject.clone());
    Ok(Gathered {
        subject: Some(subject).filter(|_| counts),
        others,
        known: known.into_values().collect(),
    })
}

/// What is found of the pairs of the subject, by the other arrangement.
fn decide(gathered: &Gathered, now: DateTime<Utc>) -> Found {
    let Some(subject) = &gathered.subject else {
        return Found::new();
    };
    let ahead = subject.plan.ahead(now);
    let pairs = gathered.others.iter().filter_map(|other| {
        let close = visits::closeness(&ahead, &other.plan.ahead(now))?;
        let facts = |one: &VisitArrangement| (one.id.uuid(), one.facts);
        let finding = Finding {
            severity: close.severity(),
            reasons: close.reasons(),
            until: Some(close.last_until).filter(|until| *until < now + HORIZON - HOLDS * 2),
            facts: flagging::facts([facts(subject), facts(other)]),
        };
        Some(((OverlapKind::SameCitizen, other.id.uuid()), finding))
    });
    pairs.collect()
}

fn side_of(arrangement: &VisitArrangement) -> (Uuid, FlagSide) {
    let side = FlagSide {
        subject: arrangement.id.uuid(),
        organization: Some(arrangement.organization),
        postal_code: arrangement.plan.postal_code,
    };
    (side.subject, side)
}
