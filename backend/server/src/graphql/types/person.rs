//! People, as far as the viewer may know them.

use async_graphql::SimpleObject;
use faelled_engine::{access::PersonView, organization};

/// A person, as far as this viewer may know it.
#[derive(SimpleObject)]
pub struct Person {
    /// First name, or what the person wants to be called.
    first_name: String,
    /// Surname; null until both sides of a match have said yes.
    surname: Option<String>,
    /// E-mail address; null until both sides of a match have said yes.
    email: Option<String>,
    /// Phone number; null until both sides of a match have said yes.
    phone: Option<String>,
}

impl Person {
    /// As much of a person as the view opens.
    pub fn new(person: organization::Person, view: PersonView) -> Option<Self> {
        match view {
            PersonView::Nothing => None,
            PersonView::FirstName => Some(Self {
                first_name: person.first_name,
                surname: None,
                email: None,
                phone: None,
            }),
            PersonView::Contact => Some(Self {
                first_name: person.first_name,
                surname: Some(person.surname),
                email: person.email,
                phone: person.phone,
            }),
        }
    }
}
