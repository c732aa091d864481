//! The words that people read, in one file for each language (`words/*.ftl`).

use std::{borrow::Cow, sync::OnceLock};

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use faelled_engine::{
    catalog::Catalog,
    flag::OverlapKind,
    matching::{Component, Due, Evidence, Fit},
    overlap::Reason,
    problem::{Fault, Format, Noun},
    schedule::{self, Occurrence},
    theme::ThemeRef,
};
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

/// A language of the interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Danish, unless the reader asks for something else.
    #[default]
    Danish,
    /// English.
    English,
}

impl Language {
    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static DANISH: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static ENGLISH: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Self::Danish => DANISH.get_or_init(|| bundle("da", include_str!("../words/da.ftl"))),
            Self::English => ENGLISH.get_or_init(|| bundle("en", include_str!("../words/en.ftl"))),
        }
    }

    /// Which of two texts this reader gets.
    pub fn choose<'a>(self, danish: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Danish => danish,
            Self::English => english,
        }
    }

    /// The words for a key. An unknown key shows itself, and a test keeps that from happening.
    pub fn say(self, key: &str, args: &[(&str, Cow<'_, str>)]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut given = FluentArgs::new();
        for (name, value) in args {
            // Counts are given as numbers so that they choose the right plural.
            match value.parse::<u32>() {
                Ok(number) if *name == "days" => given.set(*name, number),
                _ => given.set(*name, value.as_ref()),
            }
        }
        bundle
            .format_pattern(pattern, Some(&given), &mut Vec::new())
            .into_owned()
    }

    /// A number with at most one decimal, with the decimal mark of the language.
    fn number(self, value: f64) -> String {
        let text = if value.fract().abs() < 0.05 || value.abs() >= 10.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.1}")
        };
        match self {
            Self::Danish => text.replace('.', ","),
            Self::English => text,
        }
    }
}

fn bundle(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    // A resource with errors still holds every entry that could be read; a test refuses errors.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partly, _)| partly);
    let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// What is wrong with a field, in words.
pub fn fault(language: Language, fault: &Fault) -> String {
    let say = |key: &str, args: &[(&str, Cow<'_, str>)]| language.say(key, args);
    let number = |value: &usize| Cow::from(value.to_string());
    match fault {
        Fault::Blank => say("fault-blank", &[]),
        Fault::TooShort { min } => say("fault-too-short", &[("min", number(min))]),
        Fault::TooLong { max, got } => say(
            "fault-too-long",
            &[("max", number(max)), ("got", number(got))],
        ),
        Fault::ControlCharacters => say("fault-control-characters", &[]),
        Fault::OutOfRange { min, max } => say(
            "fault-out-of-range",
            &[
                ("min", language.number(*min).into()),
                ("max", language.number(*max).into()),
            ],
        ),
        Fault::LastsTooLong { max_days } => say(
            "fault-lasts-too-long",
            &[("max", max_days.to_string().into())],
        ),
        Fault::OutsideYears { first, last } => say(
            "fault-outside-years",
            &[
                ("first", first.to_string().into()),
                ("last", last.to_string().into()),
            ],
        ),
        Fault::OutsideDenmark => say("fault-outside-denmark", &[]),
        Fault::Unknown { what, value } => say(unknown_key(*what), &[("value", value.into())]),
        Fault::Malformed { expected, value } => {
            say(malformed_key(*expected), &[("value", value.into())])
        }
        Fault::EndBeforeStart => say("fault-end-before-start", &[]),
        Fault::NeverOccurs => say("fault-never-occurs", &[]),
        Fault::TooFrequent { max_per_day } => {
            say("fault-too-frequent", &[("max", number(max_per_day))])
        }
        Fault::AlreadyOver => say("fault-already-over", &[]),
        Fault::TooFarAhead { max_days } => say("fault-too-far-ahead", &[("max", number(max_days))]),
        Fault::TooMany { max, got } => say(
            "fault-too-many",
            &[("max", number(max)), ("got", number(got))],
        ),
        Fault::Repeated { value } => say("fault-repeated", &[("value", value.into())]),
        Fault::ExactlyOneOf { fields } => say(
            "fault-exactly-one-of",
            &[("fields", fields.join(", ").into())],
        ),
        Fault::GreaterThan { other } => say("fault-greater-than", &[("other", (*other).into())]),
        Fault::Unreadable { expected } => say(unreadable_key(*expected), &[]),
        Fault::DateOutOfRange { first, last } => {
            let date = |date: &chrono::NaiveDate| Cow::from(date.format("%d-%m-%Y").to_string());
            let (first, last) = (("first", date(first)), ("last", date(last)));
            say("fault-date-out-of-range", &[first, last])
        }
        Fault::NobodyNamed => say("fault-nobody-named", &[]),
        Fault::CprLike => say("fault-cpr-like", &[]),
        Fault::PhoneLike => say("fault-phone-like", &[]),
        Fault::Identifies { field } => say("fault-identifies", &[("field", (*field).into())]),
        Fault::Needs { other } => say("fault-needs", &[("other", (*other).into())]),
    }
}

const fn unknown_key(what: Noun) -> &'static str {
    match what {
        Noun::Theme => "fault-unknown-theme",
        Noun::TargetGroup => "fault-unknown-target-group",
        Noun::Language => "fault-unknown-language",
        Noun::PostalCode => "fault-unknown-postal-code",
        Noun::Municipality => "fault-unknown-municipality",
    }
}

const fn unreadable_key(expected: Format) -> &'static str {
    match expected {
        Format::BirthDate => "fault-unreadable-birth-date",
        Format::PersonName => "fault-unreadable-name",
        Format::Address => "fault-unreadable-address",
        Format::Phone => "fault-unreadable-phone",
        other => malformed_key(other),
    }
}

const fn malformed_key(expected: Format) -> &'static str {
    match expected {
        Format::RecurrenceRule => "fault-malformed-rule",
        Format::LocalDateTime => "fault-malformed-local-date-time",
        Format::LocalDateOrDateTime => "fault-malformed-local-date-or-date-time",
        Format::TimeOfDay => "fault-malformed-time-of-day",
        Format::Duration => "fault-malformed-duration",
        Format::PostalCode => "fault-malformed-postal-code",
        Format::Url => "fault-malformed-url",
        Format::Email => "fault-malformed-email",
        Format::Phone => "fault-malformed-phone",
        Format::BirthDate => "fault-unreadable-birth-date",
        Format::PersonName => "fault-unreadable-name",
        Format::Address => "fault-unreadable-address",
        Format::Cvr => "fault-malformed-cvr",
    }
}

/// What a volunteer would say of a pair: "2 km fra dig, tirsdage kl. 14-16, I taler begge arabisk".
pub fn fit_sentence(language: Language, catalog: &Catalog, fit: &Fit) -> String {
    let mut parts = Vec::new();
    if fit.metres.is_none() {
        parts.push(language.say("reason-remote", &[]));
    }
    let mut timed = false;
    for component in &fit.components {
        timed |= matches!(component.evidence, Evidence::Time { .. });
        let telling = match &component.evidence {
            Evidence::Distance { .. } | Evidence::Time { .. } => true,
            Evidence::Language(common) => !common.is_empty(),
            Evidence::Theme(..) | Evidence::Urgency { .. } | Evidence::Freshness(_) => false,
        };
        if telling {
            parts.push(reason_sentence(language, catalog, component));
        }
    }
    if !timed {
        parts.push(language.say("reason-by-agreement", &[]));
    }
    if let Some(theme) = fit.components.first() {
        parts.push(reason_sentence(language, catalog, theme));
    }
    capitalised(&parts.join(", "))
}

/// What one component of a score rests on, in words.
pub fn reason_sentence(language: Language, catalog: &Catalog, component: &Component) -> String {
    let label = |theme: ThemeRef| {
        let theme = catalog.themes.get(theme);
        Cow::from(language.choose(&theme.label_da, &theme.label_en).to_owned())
    };
    match &component.evidence {
        Evidence::Theme(ours, theirs) if ours == theirs => {
            language.say("reason-theme-same", &[("theme", label(*ours))])
        }
        Evidence::Theme(ours, theirs) => language.say(
            "reason-theme-near",
            &[("ours", label(*ours)), ("theirs", label(*theirs))],
        ),
        Evidence::Distance {
            metres,
            coarse: true,
        } if *metres < 100.0 => language.say("reason-distance-same-postcode", &[]),
        Evidence::Distance { metres, .. } if *metres < 100.0 => {
            language.say("reason-distance-near", &[])
        }
        Evidence::Distance { metres, coarse } => {
            let key = if *coarse {
                "reason-distance-coarse"
            } else {
                "reason-distance"
            };
            language.say(key, &[("km", language.number(metres / 1000.0).into())])
        }
        Evidence::Time {
            first, met, weekly, ..
        } => time_sentence(language, *first, *weekly && *met > 1),
        Evidence::Language(common) if common.is_empty() => language.say("reason-no-language", &[]),
        Evidence::Language(common) => {
            let names: Vec<String> = common
                .iter()
                .map(|spoken| {
                    let key = format!("language-{}", spoken.code());
                    let name = language.say(&key, &[]);
                    if name == key {
                        spoken.code().to_owned()
                    } else {
                        name
                    }
                })
                .collect();
            let list = names.join(&format!(" {} ", language.say("and", &[])));
            language.say("reason-language", &[("languages", list.into())])
        }
        Evidence::Urgency { .. } if component.value <= 0.0 => language.say("reason-no-hurry", &[]),
        Evidence::Urgency { now, due } => urgency_sentence(language, *now, *due),
        Evidence::Freshness(days) => language.say(
            "reason-freshness",
            &[("days", format!("{:.0}", days.floor()).into())],
        ),
    }
}

/// What a flag says: to the house and to everybody when it is about listings, or to a side that may
/// only know that there is one.
pub fn overlap_sentence(language: Language, kind: OverlapKind, view: FlagTold) -> String {
    let key = match (kind, view) {
        (OverlapKind::SameCitizen, FlagTold::ThatThereIsOne) => "overlap-same-citizen-side",
        (OverlapKind::SameCitizen, FlagTold::All) => "overlap-same-citizen",
        (OverlapKind::ParallelActivities, _) => "overlap-parallel-activities",
        (OverlapKind::DuplicateListings, _) => "overlap-duplicate-listings",
    };
    language.say(key, &[])
}

/// How much a sentence tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagTold {
    /// That there is a flag.
    ThatThereIsOne,
    /// What it is about.
    All,
}

/// A piece of evidence of an overlap, in words.
pub fn overlap_reason(language: Language, catalog: &Catalog, reason: &Reason) -> String {
    let say = |key, args: &[_]| language.say(key, args);
    let count = |value: usize| Cow::from(value.to_string());
    match reason {
        Reason::AtTheSameTime { times, of } => say(
            "overlap-reason-same-time",
            &[("times", count(*times)), ("of", count(*of))],
        ),
        Reason::HoursApart { minutes } if *minutes < 120 => say(
            "overlap-reason-minutes-apart",
            &[("minutes", minutes.to_string().into())],
        ),
        Reason::HoursApart { minutes } => say(
            "overlap-reason-hours-apart",
            &[("hours", (minutes / 60).to_string().into())],
        ),
        Reason::SameDay { dates } => say("overlap-reason-same-day", &[("dates", count(*dates))]),
        Reason::CloseTimes { times, of } => say(
            "overlap-reason-close-times",
            &[("times", count(*times)), ("of", count(*of))],
        ),
        Reason::ByAgreement => say("overlap-reason-by-agreement", &[]),
        Reason::Distance { metres, .. } => {
            let km = language.number((metres / 100.0).round() / 10.0);
            say("overlap-reason-distance", &[("km", km.into())])
        }
        Reason::Remote => say("overlap-reason-remote", &[]),
        Reason::CommonTheme { theme, .. } => {
            let theme = catalog.themes.get(*theme);
            let label = language.choose(&theme.label_da, &theme.label_en);
            say("overlap-reason-theme", &[("theme", label.into())])
        }
        Reason::CommonTargetGroups { groups } => {
            let labels: Vec<&str> = groups
                .iter()
                .map(|group| catalog.target_group(*group))
                .map(|group| language.choose(&group.label_da, &group.label_en))
                .collect();
            say(
                "overlap-reason-target-groups",
                &[("groups", labels.join(", ").into())],
            )
        }
        Reason::AlikeText { likeness } => {
            let percent = format!("{:.0}", likeness * 100.0);
            say("overlap-reason-text", &[("percent", percent.into())])
        }
    }
}

/// How soon it is, as people count: by the dates of the calendar, not by hours.
fn urgency_sentence(language: Language, now: DateTime<Utc>, due: Due) -> String {
    let (key, date) = match due {
        Due::Start(start) if start <= now => return language.say("reason-urgency-begun", &[]),
        Due::Start(start) => ("reason-urgency", schedule::local(start).date_naive()),
        // What expires at midnight expires on the day before.
        Due::Expiry(end) => (
            "reason-expiry",
            schedule::local(end - TimeDelta::milliseconds(1)).date_naive(),
        ),
    };
    let days = (date - schedule::local(now).date_naive()).num_days();
    language.say(key, &[("days", days.max(0).to_string().into())])
}

/// Weekdays when it meets again and again, a date when it is once, a first day when it is long.
fn time_sentence(language: Language, first: Occurrence, weekly: bool) -> String {
    let (start, end) = (schedule::local(first.start), schedule::local(first.end));
    let clock = |time: DateTime<chrono_tz::Tz>| {
        let text = if time.minute() == 0 {
            time.hour().to_string()
        } else {
            format!("{}:{:02}", time.hour(), time.minute())
        };
        Cow::from(text)
    };
    let date = Cow::from(match language {
        Language::Danish => format!("{}/{}", start.day(), start.month()),
        Language::English => start.format("%-d %B").to_string(),
    });
    if first.length() >= TimeDelta::days(1) {
        return language.say("reason-time-long", &[("date", date)]);
    }
    let (from, to) = (("from", clock(start)), ("to", clock(end)));
    if weekly {
        let key = format!("weekday-{}", start.weekday().num_days_from_monday());
        let weekday = Cow::from(language.say(&key, &[]));
        language.say("reason-time-weekly", &[("weekday", weekday), from, to])
    } else {
        language.say("reason-time-other", &[("date", date), from, to])
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split(" =").next())
            .collect()
    }

    #[test]
    fn both_files_are_whole_and_say_the_same_things() {
        let (da, en) = (
            include_str!("../words/da.ftl"),
            include_str!("../words/en.ftl"),
        );
        for source in [da, en] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
        assert_eq!(keys(da), keys(en));
        for key in keys(da) {
            let said = Language::Danish.say(key, &[]);
            assert!(said != key && !said.is_empty(), "{key}");
        }
    }

    #[test]
    fn numbers_and_plurals_follow_the_language() {
        let fault = Fault::OutOfRange {
            min: 0.1,
            max: 600.0,
        };
        assert_eq!(
            super::fault(Language::Danish, &fault),
            "Skal være et tal fra 0,1 til 600."
        );
        assert_eq!(
            Language::English.say("reason-urgency", &[("days", "1".into())]),
            "it is tomorrow"
        );
    }

    #[test]
    fn how_soon_it_is_counts_by_local_dates() {
        let at = |text: &str| schedule::instant(schedule::local_date_time(text).unwrap());
        let said = |language, now, due| super::urgency_sentence(language, at(now), due);
        let start = |text| Due::Start(at(text));
        let expiry = |text| Due::Expiry(at(text));
        for (now, due, danish, english) in [
            // Monday evening, and a visit on Tuesday.
            (
                "2026-03-02T18:00",
                start("2026-03-03T14:00"),
                "det er i morgen",
                "it is tomorrow",
            ),
            (
                "2026-03-02T00:00",
                start("2026-03-03T14:00"),
                "det er i morgen",
                "it is tomorrow",
            ),
            (
                "2026-03-02T00:30",
                start("2026-03-02T23:30"),
                "det er i dag",
                "it is today",
            ),
            (
                "2026-03-02T23:30",
                start("2026-03-04T00:30"),
                "det er om 2 dage",
                "it is in 2 days",
            ),
            (
                "2026-03-02T10:00",
                start("2026-03-02T09:00"),
                "det er i gang",
                "it is under way",
            ),
            // The night on which summer time begins has 23 hours.
            (
                "2026-03-28T23:00",
                start("2026-03-30T00:30"),
                "det er om 2 dage",
                "it is in 2 days",
            ),
            (
                "2026-03-02T10:00",
                expiry("2026-03-22T10:00"),
                "opslaget udløber om 20 dage",
                "the listing expires in 20 days",
            ),
            (
                "2026-03-02T10:00",
                expiry("2026-03-03T00:00"),
                "opslaget udløber i dag",
                "the listing expires today",
            ),
        ] {
            assert_eq!(said(Language::Danish, now, due), danish, "{now}");
            assert_eq!(said(Language::English, now, due), english, "{now}");
        }
    }
}
