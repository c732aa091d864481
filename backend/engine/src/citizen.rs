//! A citizen who is visited. Nothing readable of a citizen is stored: what a coordinator gives is
//! read here, turned into blind tokens by [`crate::linkage`], and forgotten.
//!
//! No value of a citizen appears in a `Debug` text or in a [`Problem`]. Types that hold one
//! implement `Debug` by hand.

mod address;
mod dates;
mod numbers;
mod spelling;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::NaiveDate;

use self::{address::Address, spelling::Name};
use crate::{
    place::PostalCode,
    problem::{Fault, Format, Problem, Problems},
    text,
};

/// What comes in to say who a citizen is. What is missing or blank is not given.
#[derive(Clone, Default)]
pub struct CitizenDraft {
    /// Phone number, up to 40 characters.
    pub phone: Option<String>,
    /// Birth date with four digits of the year, up to 40 characters.
    pub birth_date: Option<String>,
    /// First name and surname, up to 120 characters.
    pub name: Option<String>,
    /// Street and house number, floor and door; up to 200 characters. The postcode is the
    /// arrangement's.
    pub address: Option<String>,
}

impl fmt::Debug for CitizenDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = [
            self.phone.is_some(),
            self.birth_date.is_some(),
            self.name.is_some(),
            self.address.is_some(),
        ];
        list_given(formatter, "CitizenDraft", given)
    }
}

/// What is known of who a citizen is, in one spelling. It points to somebody: it holds a phone
/// number, or two of full name, birth date and address. It lives for one request.
#[derive(Clone)]
pub struct Identity {
    phone: Option<String>,
    birth_date: Option<NaiveDate>,
    name: Option<Name>,
    address: Option<Address>,
    postal_code: PostalCode,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = [
            self.phone.is_some(),
            self.birth_date.is_some(),
            self.name.is_some(),
            self.address.is_some(),
        ];
        list_given(formatter, "Identity", given)
    }
}

/// The fields that are given, by their names only.
fn list_given(formatter: &mut fmt::Formatter<'_>, name: &str, is_given: [bool; 4]) -> fmt::Result {
    let fields = ["phone", "birthDate", "name", "address"];
    let given = fields
        .iter()
        .zip(is_given)
        .filter(|(_, is_given)| *is_given);
    write!(formatter, "{name} ")?;
    formatter
        .debug_set()
        .entries(given.map(|(field, _)| field))
        .finish()
}

impl Identity {
    /// Reads what was given of a citizen, today, and gathers everything that is wrong with it:
    /// at `phone`, `birthDate`, `name` and `address`, or [`Fault::NobodyNamed`] at no field when
    /// each of them could be read but together they point to nobody.
    ///
    /// One name without another, such as a surname, is read but points to nobody.
    pub fn parse(
        draft: &CitizenDraft,
        postal_code: PostalCode,
        today: NaiveDate,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let unreadable = |expected| Fault::Unreadable { expected };
        let phone = given(&mut problems, "phone", draft.phone.as_deref(), 40, |text| {
            numbers::phone(text).ok_or(unreadable(Format::Phone))
        });
        let birth_date = given(
            &mut problems,
            "birthDate",
            draft.birth_date.as_deref(),
            40,
            |text| dates::birth_date(text, today),
        );
        let name = given(&mut problems, "name", draft.name.as_deref(), 120, |text| {
            Name::read(text).ok_or(unreadable(Format::PersonName))
        });
        let address = given(
            &mut problems,
            "address",
            draft.address.as_deref(),
            200,
            |text| Address::read(text).ok_or(unreadable(Format::Address)),
        );
        let identity = (|| {
            Some(Self {
                phone: phone?,
                birth_date: birth_date?,
                name: name?,
                address: address?,
                postal_code,
            })
        })();
        if identity
            .as_ref()
            .is_some_and(|identity| !identity.points_to_somebody())
        {
            problems.note_all(Fault::NobodyNamed);
        }
        problems.finish(identity)
    }

    fn points_to_somebody(&self) -> bool {
        let others = [
            self.full_name().is_some(),
            self.birth_date.is_some(),
            self.address.is_some(),
        ];
        self.phone.is_some() || others.iter().filter(|is_given| **is_given).count() >= 2
    }

    fn full_name(&self) -> Option<&Name> {
        self.name.as_ref().filter(|name| name.is_full())
    }

    /// The phone number: `+`, country code and number.
    pub(crate) fn phone(&self) -> Option<String> {
        self.phone.clone()
    }

    /// The birth date as `1941-03-12`.
    pub(crate) fn birth_date(&self) -> Option<String> {
        self.birth_date
            .map(|date| date.format("%Y-%m-%d").to_string())
    }

    /// What stands for a full name.
    pub(crate) fn name(&self) -> Option<String> {
        self.full_name().map(Name::key)
    }

    /// What stands for the sound of a full name.
    pub(crate) fn sound(&self) -> Option<String> {
        self.full_name().map(Name::sound)
    }

    /// What stands for the address: postcode, street, house number, floor and door.
    pub(crate) fn address(&self) -> Option<[String; 4]> {
        let [street, number, unit] = self.address.as_ref()?.key();
        Some([self.postal_code.to_string(), street, number, unit])
    }

    /// The first field whose value a text holds, in any spelling that reads the same.
    fn field_in(&self, text: &str) -> Option<&'static str> {
        let holds = [
            (
                "phone",
                self.phone
                    .as_ref()
                    .is_some_and(|it| numbers::holds_this_phone(text, it)),
            ),
            (
                "birthDate",
                self.birth_date
                    .is_some_and(|it| dates::holds_date(text, it)),
            ),
            ("name", self.name.as_ref().is_some_and(|it| it.is_in(text))),
            (
                "address",
                self.address.as_ref().is_some_and(|it| it.is_in(text)),
            ),
        ];
        holds
            .into_iter()
            .find(|(_, holds)| *holds)
            .map(|(field, _)| field)
    }
}

/// Reads an optional field of a citizen.
#[expect(
    clippy::option_option,
    reason = "outer: whether it could be read; inner: whether it was given"
)]
fn given<T>(
    problems: &mut Problems,
    field: &str,
    value: Option<&str>,
    max: usize,
    read: impl FnOnce(&str) -> Result<T, Fault>,
) -> Option<Option<T>> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return Some(None);
    };
    problems
        .take(
            field,
            line_without_cpr(value, max).and_then(|line| read(&line)),
        )
        .map(Some)
}

/// A line without a CPR number, and without the invisible characters that come along when text is
/// copied. Such a number is named before anything else that is wrong.
fn line_without_cpr(value: &str, max: usize) -> Result<String, Fault> {
    if numbers::holds_cpr(value) {
        return Err(Fault::CprLike);
    }
    text::line(&spelling::visible(value), 1, max)
}

/// An organization's own label for a citizen, such as a number in its files. Only that
/// organization sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Reads a label: one line of 1-60 characters without a CPR number.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        line_without_cpr(text, 60).map(Self)
    }

    /// The label, for the organization it belongs to.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Label(…)")
    }
}

/// What must not stand in free text beside an arrangement: a CPR number, a phone number, or what
/// the same request says of the citizen (the name in any order of its words, the street with its
/// house number, the birth date, the phone number), however it is spelled. Nothing if the text may
/// stand.
pub fn free_text_fault(text: &str, identity: Option<&Identity>) -> Option<Fault> {
    if numbers::holds_cpr(text) {
        return Some(Fault::CprLike);
    }
    if let Some(field) = identity.and_then(|identity| identity.field_in(text)) {
        return Some(Fault::Identifies { field });
    }
    numbers::holds_phone(text).then_some(Fault::PhoneLike)
}
