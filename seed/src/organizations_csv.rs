//! Organizations: `external_id;name;kind;parent;cvr;email;phone;website;postal_code;verified;description`.

use std::{
    collections::HashSet,
    io::{Read, Write},
};

use faelled_engine::{
    catalog::Catalog,
    organization::{OrganizationKind, Profile, ProfileDraft},
    problem::Problem,
};

use crate::{
    error::{BadCell, SeedError, accepted},
    table::{Sheet, Table, answer_text, cell},
};

/// The columns, in the order in which they are written.
pub const COLUMNS: &[&str] = &[
    "external_id",
    "name",
    "kind",
    "parent",
    "cvr",
    "email",
    "phone",
    "website",
    "postal_code",
    "verified",
    "description",
];

const KINDS: [(&str, OrganizationKind); 4] = [
    ("ASSOCIATION", OrganizationKind::Association),
    ("BRANCH", OrganizationKind::Branch),
    ("PUBLIC_BODY", OrganizationKind::PublicBody),
    ("VOLUNTEER_HOUSE", OrganizationKind::VolunteerHouse),
];
const ACCEPTED_KINDS: &str = "ASSOCIATION, BRANCH, PUBLIC_BODY or VOLUNTEER_HOUSE";

/// An organization as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRow {
    /// The line on which the row begins; the header's is 1.
    pub line: u64,
    /// Unique within the file.
    pub external_id: String,
    /// What it tells about itself.
    pub profile: ProfileDraft,
    /// What it is.
    pub kind: OrganizationKind,
    /// External id of the organization that it is a branch or a part of.
    pub parent: Option<String>,
    /// Whether a volunteer house has verified it.
    pub verified: bool,
}

impl OrganizationRow {
    /// Whether the engine accepts the profile; `file` is named in errors. The parent's identity is
    /// the loader's to find.
    pub fn check(&self, file: &str, catalog: &Catalog) -> Result<(), SeedError> {
        let bad = |problem: &Problem| {
            let field = problem.field.first().map_or("", String::as_str);
            let column = if field == "postalCode" {
                "postal_code"
            } else {
                field
            };
            BadCell::new(file, self.line, column, "", &accepted(&problem.fault))
        };
        Profile::parse(&self.profile, self.kind, None, catalog)
            .map(drop)
            .map_err(|problems| SeedError::Cells(problems.iter().map(bad).collect()))
    }
}

/// Reads organizations; `file` names the source in errors. Whether a parent exists is not asked
/// here: it may be one that the house knows already.
pub fn read(file: &str, source: impl Read) -> Result<Vec<OrganizationRow>, SeedError> {
    const AN_ID: &str = "an id that no other organization has";
    let required = &["external_id", "name", "kind", "postal_code"];
    let mut seen = HashSet::new();
    Table::open(file, source, COLUMNS, required)?.rows(|mut row| {
        let external_id = row.required("external_id", AN_ID).and_then(|id| {
            if seen.insert(id.clone()) {
                Some(id)
            } else {
                row.refuse("external_id", AN_ID)
            }
        });
        let name = row.required("name", "2-120 characters");
        let kind = row
            .read("kind", ACCEPTED_KINDS, |text| {
                KINDS
                    .iter()
                    .find(|(name, _)| *name == text)
                    .map(|(_, kind)| *kind)
            })
            .and_then(|kind| kind.or_else(|| row.refuse("kind", ACCEPTED_KINDS)));
        let postal_code = row.required("postal_code", "four digits");
        let verified = row.answer("verified");
        let organization = (|| {
            Some(OrganizationRow {
                line: row.line,
                external_id: external_id?,
                profile: ProfileDraft {
                    name: name?,
                    cvr: row.optional("cvr"),
                    email: row.optional("email"),
                    phone: row.optional("phone"),
                    website: row.optional("website"),
                    postal_code: postal_code?,
                    description: row.optional("description"),
                },
                kind: kind?,
                parent: row.optional("parent"),
                verified: verified? == Some(true),
            })
        })();
        row.finish(organization)
    })
}

/// Writes organizations; `file` names the sink in errors.
pub fn write(
    file: &str,
    sink: impl Write,
    organizations: impl IntoIterator<Item = OrganizationRow>,
) -> Result<(), SeedError> {
    let mut sheet = Sheet::create(file, sink, COLUMNS)?;
    for row in organizations {
        let kind = KINDS
            .iter()
            .find(|(_, kind)| *kind == row.kind)
            .map(|(name, _)| *name);
        sheet.write(&[
            row.external_id,
            row.profile.name,
            cell(kind),
            cell(row.parent),
            cell(row.profile.cvr),
            cell(row.profile.email),
            cell(row.profile.phone),
            cell(row.profile.website),
            row.profile.postal_code,
            answer_text(row.verified.then_some(true)).to_owned(),
            cell(row.profile.description),
        ])?;
    }
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        let text = "external_id;name;kind;parent;cvr;email;phone;website;postal_code;verified;\
                    description\n\
                    a;Foreningen A;ASSOCIATION;;12345678;a@a.example;+45 00 00 00 01;\
                    https://a.example;8800;yes;\"Kaffe; kage \"\"og\"\" snak\"\n\
                    b;Foreningen A, Viborg;BRANCH;a;;;;;8800;;\n";
        let rows = read("o.csv", text.as_bytes()).unwrap();
        assert_eq!(
            rows[0].profile.description.as_deref(),
            Some("Kaffe; kage \"og\" snak")
        );
        assert_eq!((rows[1].line, rows[1].parent.as_deref()), (3, Some("a")));
        let mut written = Vec::new();
        write("o.csv", &mut written, rows).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }

    #[test]
    fn every_bad_cell_of_a_row_is_named() {
        let text = "external_id;name;kind;postal_code;verified\n;A;CLUB;8800;maybe\n";
        assert_eq!(
            read("o.csv", text.as_bytes()).unwrap_err().to_string(),
            "o.csv, line 2, column external_id: nothing stands here; \
             accepted: an id that no other organization has\n\
             o.csv, line 2, column kind: “CLUB” is not accepted; \
             accepted: ASSOCIATION, BRANCH, PUBLIC_BODY or VOLUNTEER_HOUSE\n\
             o.csv, line 2, column verified: “maybe” is not accepted; \
             accepted: yes, no or nothing"
        );
    }
}
