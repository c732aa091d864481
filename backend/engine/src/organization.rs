//! Associations, branches, public bodies and volunteer houses, and the roles of people in them.

use crate::{
    catalog::Catalog,
    id::{OrganizationId, PersonId},
    place::PostalCode,
    problem::{Fault, Format, Problem, Problems, shortened},
    text,
};

/// What an organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrganizationKind {
    /// An association of its own.
    Association,
    /// A local branch of a larger one.
    Branch,
    /// A part of the municipality, the region or the state.
    PublicBody,
    /// De Frivilliges Hus: brings people together and verifies organizations.
    VolunteerHouse,
}

/// What a person may do in an organization; each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Belongs to it.
    Member,
    /// Posts and agrees on its behalf.
    Coordinator,
    /// Decides who belongs to it.
    Admin,
}

/// A person's role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub organization: OrganizationId,
    /// As what.
    pub role: Role,
    /// What the organization is.
    pub kind: OrganizationKind,
    /// Whether a volunteer house has verified it.
    pub verified: bool,
}

/// What an organization tells about itself; all of it is public.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganizationKind,
    /// The organization that it is a branch or a part of.
    pub parent: Option<OrganizationId>,
    /// Its number in the central business register, eight digits.
    pub cvr: Option<String>,
    /// Public e-mail address.
    pub email: Option<String>,
    /// Public phone number.
    pub phone: Option<String>,
    /// Public web address.
    pub website: Option<String>,
    /// Where it is at home.
    pub postal_code: PostalCode,
    /// What it does.
    pub description: String,
}

/// An organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    /// Its identity.
    pub id: OrganizationId,
    /// Grows with every change.
    pub version: i32,
    /// What it tells about itself.
    pub profile: Profile,
    /// Whether a volunteer house has verified it.
    pub verified: bool,
    /// Its identity in the file that it was loaded from.
    pub external_id: Option<String>,
}

/// A person with an account. Its name is for those whom [`crate::access`] allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its identity.
    pub id: PersonId,
    /// First name, or what the person wants to be called.
    pub first_name: String,
    /// Surname.
    pub surname: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Whether signed-in people may see the first name.
    pub shows_first_name: bool,
}

/// What comes in to add a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonDraft {
    /// First name, 1-80 characters.
    pub first_name: String,
    /// Surname, 1-80 characters.
    pub surname: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Whether signed-in people may see the first name.
    pub shows_first_name: bool,
}

impl Person {
    /// Reads a person and gathers everything that is wrong with it.
    pub fn parse(id: PersonId, draft: &PersonDraft) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let first_name = problems.take("firstName", text::line(&draft.first_name, 1, 80));
        let surname = problems.take("surname", text::line(&draft.surname, 1, 80));
        let mut given = |field, value: &Option<String>, form, read| {
            problems.take(field, given(value.as_deref(), form, read).transpose())
        };
        let email = given("email", &draft.email, Format::Email, email);
        let phone = given("phone", &draft.phone, Format::Phone, phone);
        let person = (|| {
            Some(Self {
                id,
                first_name: first_name?,
                surname: surname?,
                email: email?,
                phone: phone?,
                shows_first_name: draft.shows_first_name,
            })
        })();
        problems.finish(person)
    }
}

/// What comes in to register an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileDraft {
    /// Name, 2-120 characters.
    pub name: String,
    /// Eight digits.
    pub cvr: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Web address, http or https.
    pub website: Option<String>,
    /// Postcode.
    pub postal_code: String,
    /// Up to 2,000 characters.
    pub description: Option<String>,
}

impl Profile {
    /// Reads a profile and gathers everything that is wrong with it.
    pub fn parse(
        draft: &ProfileDraft,
        kind: OrganizationKind,
        parent: Option<OrganizationId>,
        catalog: &Catalog,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let name = problems.take("name", text::line(&draft.name, 2, 120));
        let mut given = |field, value: &Option<String>, form, read| {
            problems.take(field, given(value.as_deref(), form, read).transpose())
        };
        let cvr = given("cvr", &draft.cvr, Format::Cvr, cvr);
        let email = given("email", &draft.email, Format::Email, email);
        let phone = given("phone", &draft.phone, Format::Phone, phone);
        let website = given("website", &draft.website, Format::Url, website);
        let postcode = problems.take("postalCode", catalog.gazetteer.resolve(&draft.postal_code));
        let description = problems.take(
            "description",
            text::lines(draft.description.as_deref().unwrap_or(""), 0, 2000),
        );
        let profile = (|| {
            Some(Self {
                name: name?,
                kind,
                parent,
                cvr: cvr?,
                email: email?,
                phone: phone?,
                website: website?,
                postal_code: postcode?.code,
                description: description?,
            })
        })();
        problems.finish(profile)
    }
}

/// Reads an optional text of a form: an empty one counts as not given.
fn given(
    value: Option<&str>,
    expected: Format,
    read: fn(&str) -> Option<String>,
) -> Option<Result<String, Fault>> {
    let value = value.map(str::trim).filter(|value| !value.is_empty())?;
    Some(read(value).ok_or_else(|| Fault::Malformed {
        expected,
        value: shortened(value),
    }))
}

fn cvr(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && c != '@')
    };
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    (text.len() <= 254 && plain(local) && plain(domain) && dotted).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let accepted = |c: char| c.is_ascii_digit() || "+ ()-".contains(c);
    ((8..=15).contains(&digits) && text.len() <= 25 && text.chars().all(accepted))
        .then(|| text.to_owned())
}

fn website(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = host.split('.').count() > 1
        && host
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
    (text.len() <= 500 && plain && !text.contains(|c: char| c.is_whitespace() || c.is_control()))
        .then(|| text.to_owned())
}
