//! What judging one thing against others makes of its flags: raised once, ended, moved or reopened
//! as the facts do. The things are locked, and are as they were judged.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use faelled_engine::flag::{Finding, Flag, FlagSide, FlagStatus, OverlapKind};
use faelled_store::{StoreError, Writing};
use uuid::Uuid;

use crate::clock::fresh_id;

/// What was found of one thing and others, by the way in which they overlap and the other thing.
pub type Found = BTreeMap<(OverlapKind, Uuid), Finding>;

/// Writes what was found of a thing. `sides` tells of it and of every other thing that was found or
/// flagged before, as it is now.
pub async fn record(
    writing: &mut Writing,
    subject: Uuid,
    sides: &HashMap<Uuid, FlagSide>,
    mut found: Found,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for mut flag in writing.flags_for_update(subject).await? {
        let [low, high] = flag.sides.map(|side| side.subject);
        let other = if low == subject { high } else { low };
        // Raised since the gathering, by whoever judged the other one: that is the newer judgement.
        if !sides.contains_key(&other) {
            continue;
        }
        for side in &mut flag.sides {
            if let Some(now) = sides.get(&side.subject) {
                *side = *now;
            }
        }
        let finding = found.remove(&(flag.kind, other));
        if let Some((flag, event)) = flag.judged(finding, now) {
            writing.update_flag(&flag, event, None, "").await?;
        }
    }
    for ((kind, other), finding) in found {
        let (Some(one), Some(other)) = (sides.get(&subject), sides.get(&other)) else {
            continue;
        };
        let flag = Flag {
            id: fresh_id(),
            version: 1,
            kind,
            sides: in_order([*one, *other]),
            status: FlagStatus::Open,
            finding,
            raised_at: now,
            updated_at: now,
        };
        writing.insert_flag(&flag).await?;
    }
    Ok(())
}

/// Two sides, the lower identity first.
pub fn in_order([one, other]: [FlagSide; 2]) -> [FlagSide; 2] {
    if one.subject < other.subject {
        [one, other]
    } else {
        [other, one]
    }
}

/// The facts of two things, in the order of the sides of their flag.
pub fn facts([one, other]: [(Uuid, i32); 2]) -> [i32; 2] {
    if one.0 < other.0 {
        [one.1, other.1]
    } else {
        [other.1, one.1]
    }
}
