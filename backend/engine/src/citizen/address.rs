//! Danish addresses: one spelling for street, house number, floor and door.
//!
//! Only what tells one dwelling from another is kept. Postcode and town are not (the postcode comes
//! from the arrangement), nor the name of a building or of whoever one lives with.

use super::spelling::{plain, words};

/// A street and a house number, with floor and door where they are given.
#[derive(Clone)]
pub(super) struct Address {
    street: Vec<String>,
    number: String,
    unit: Vec<String>,
}

impl Address {
    /// Reads an address, or nothing when it has no street name or no house number. The parts
    /// between commas are tried in turn, so that the name of a farm may stand first.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = plain(text);
        let parts: Vec<Vec<Token>> = text.split([',', ';']).map(tokens).collect();
        parts.iter().enumerate().find_map(|(at, part)| {
            let (street, rest) = match number_at(part) {
                Some(number) => part.split_at(number),
                // `Vestergade, 12`
                None if part.first().is_some_and(Token::is_house_number) => {
                    (parts[at.checked_sub(1)?].as_slice(), part.as_slice())
                }
                None => return None,
            };
            let street = street_words(street);
            if !street.iter().any(|word| is_word(word)) {
                return None;
            }
            let (number, rest) = rest.split_first()?;
            let mut number = without_zeros(&number.text).to_owned();
            let mut unit =
                unit(std::iter::once(rest).chain(parts[at + 1..].iter().map(Vec::as_slice)));
            if unit.first().is_some_and(|next| is_letter(next)) {
                number.push_str(&unit.remove(0));
            }
            Some(Self {
                street,
                number,
                unit,
            })
        })
    }

    /// What stands for the address: street without the spaces between its words, house number,
    /// floor and door.
    pub(super) fn key(&self) -> [String; 3] {
        [
            self.street.concat(),
            self.number.clone(),
            self.unit.join(" "),
        ]
    }

    /// The address in its one spelling.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        let mut words = self.street.clone();
        words.push(self.number.clone());
        words.extend(self.unit.iter().cloned());
        words.join(" ")
    }

    /// Whether a text names the street with the house number, whatever letter, floor or door.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let street = self.street.concat();
        let number = self.number.trim_end_matches(|c: char| !c.is_ascii_digit());
        let tokens = tokens(&plain(text));
        (0..tokens.len()).any(|start| {
            (start + 1..tokens.len())
                .map(|end| {
                    (
                        street_words(&tokens[start..end]).concat(),
                        &tokens[end].text,
                    )
                })
                .take_while(|(run, _)| run.len() <= street.len())
                .any(|(run, next)| run == street && without_zeros(next) == number)
        })
    }
}

/// A run of letters or of digits.
struct Token {
    text: String,
    /// Whether a full stop follows, which shortens a word or ends a sentence.
    is_dotted: bool,
}

impl Token {
    /// House numbers in Denmark have one to three digits; four are a postcode or a year.
    fn is_house_number(&self) -> bool {
        is_digits(&self.text) && matches!(without_zeros(&self.text).len(), 1..=3)
    }
}

/// The folded words of an address, digits and letters apart. `v/` and `c/o` are *ved*; `nr.` before
/// a number says nothing.
fn tokens(plain: &str) -> Vec<Token> {
    let spelt_out = plain
        .to_lowercase()
        .replace("v/", " ved ")
        .replace("c/o", " ved ");
    let mut tokens = Vec::new();
    for piece in spelt_out.split([' ', ',', ';']) {
        let parts: Vec<String> = words(piece).iter().flat_map(|word| parts(word)).collect();
        let last = parts.len();
        tokens.extend(parts.into_iter().enumerate().map(|(at, text)| Token {
            text,
            is_dotted: piece.ends_with('.') && at + 1 == last,
        }));
    }
    let before_number: Vec<bool> = (0..tokens.len())
        .map(|at| tokens.get(at + 1).is_some_and(Token::is_house_number))
        .collect();
    let says_nothing =
        |token: &Token, before: bool| before && matches!(token.text.as_str(), "nr" | "nummer");
    tokens
        .into_iter()
        .zip(before_number)
        .filter(|(token, before)| !says_nothing(token, *before))
        .map(|(token, _)| token)
        .collect()
}

/// A word cut where digits and letters meet: `12a` is `12` and `a`.
fn parts(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .map(|part| part.iter().collect())
        .collect()
}

fn is_digits(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word of a street's name: two letters or more, or one that is not Latin.
fn is_word(token: &str) -> bool {
    !is_digits(token) && token.len() > 1
}

fn is_letter(token: &str) -> bool {
    token.len() == 1 && token.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn without_zeros(number: &str) -> &str {
    number.trim_start_matches('0')
}

/// Where the house number stands: the first one after a word.
fn number_at(part: &[Token]) -> Option<usize> {
    let word = part.iter().position(|token| is_word(&token.text))?;
    (word..part.len()).find(|at| part[*at].is_house_number())
}

/// The words of a street's name, written out.
fn street_words(tokens: &[Token]) -> Vec<String> {
    tokens
        .iter()
        .enumerate()
        .map(|(at, token)| match token.text.as_str() {
            "gl" | "gamle" => "gammel".into(),
            "sct" | "skt" => "sankt".into(),
            "st" => "store".into(),
            "ll" => "lille".into(),
            "kgs" => "kongens".into(),
            "sdr" | "soender" => "soendre".into(),
            "ndr" => "nordre".into(),
            "nr" => "noerre".into(),
            "allee" => "alle".into(),
            "blvd" => "boulevard".into(),
            "pl" => "plads".into(),
            "v" if token.is_dotted && at == 0 => "ved".into(),
            "v" if token.is_dotted => "vej".into(),
            word if token.is_dotted => written_out(word),
            word => word.to_owned(),
        })
        .collect()
}

/// A word whose end was shortened: `Skolev.`, `Vesterg.`, `Kirkestr.`, `Torvepl.`
fn written_out(word: &str) -> String {
    let ending = [
        ("v", "vej"),
        ("g", "gade"),
        ("str", "straede"),
        ("pl", "plads"),
    ]
    .into_iter()
    .find_map(|(short, long)| Some((word.strip_suffix(short)?, long)));
    match ending {
        Some((stem, long)) if stem.len() > 2 => format!("{stem}{long}"),
        _ => word.to_owned(),
    }
}

/// Floor and door from what follows a house number, up to a postcode; in each part, up to the name
/// of something else. `t.v.`, `t.h.` and `m.f.` become one token each.
fn unit<'a>(parts: impl Iterator<Item = &'a [Token]>) -> Vec<String> {
    let mut unit: Vec<String> = Vec::new();
    for part in parts {
        let is_postcode = |token: &Token| is_digits(&token.text) && token.text.len() > 3;
        let postcode = part.iter().position(is_postcode);
        let before = &part[..postcode.unwrap_or(part.len())];
        for said in before.iter().map_while(|token| dwelling(&token.text)) {
            match (unit.last().map(String::as_str), said) {
                (_, "") => {}
                (Some("t"), "v" | "h") | (Some("m"), "f") => {
                    let letter = unit.pop().unwrap_or_default();
                    unit.push(letter + said);
                }
                _ => unit.push(said.to_owned()),
            }
        }
        if postcode.is_some() {
            break;
        }
    }
    unit
}

/// What a token says of a dwelling: floor or door, the empty text if it says nothing (`sal`).
/// Nothing if it is the name of something else, as is what follows it.
fn dwelling(token: &str) -> Option<&str> {
    match token {
        "st" | "stuen" => Some("st"),
        "kl" | "kld" | "kaelder" | "kaelderen" => Some("kl"),
        "tv" | "venstre" => Some("tv"),
        "th" | "hoejre" => Some("th"),
        "mf" | "midtfor" => Some("mf"),
        "sal" | "etage" | "doer" | "lejl" | "lejlighed" | "opgang" | "vaerelse" | "bolig"
        | "nr" | "til" => Some(""),
        number if is_digits(number) => Some(without_zeros(number)),
        letter if is_letter(letter) => Some(letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, spelt) in [
            ("Vestergade 12, 2. tv.", "vestergade 12 2 tv"),
            ("vestergade 12 2 tv", "vestergade 12 2 tv"),
            ("VESTERGADE 12 2TV", "vestergade 12 2 tv"),
            ("Vesterg. nr. 12, 2. sal t.v.", "vestergade 12 2 tv"),
            (
                "Vestergade 12, 2. sal til venstre, 8800 Viborg",
                "vestergade 12 2 tv",
            ),
            (
                "Toftegården, Vestergade 012, Viborg, 2 tv",
                "vestergade 12 2 tv",
            ),
            ("v/ Hansen, Vestergade 12, 2. tv", "vestergade 12 2 tv"),
            ("Vestergade 12 c/o Hansen, 2. tv", "vestergade 12 2 tv"),
            ("Vestergade, 12, 2. tv", "vestergade 12 2 tv"),
            ("Vestergade 12 A", "vestergade 12a"),
            ("Vestergade 12a, st. th.", "vestergade 12a st th"),
            ("Vestergade 12A stuen t.h.", "vestergade 12a st th"),
            ("Vestergade 12, kld. m.f.", "vestergade 12 kl mf"),
            ("Vestergade 12, dør 3", "vestergade 12 3"),
            ("Gl. Århusvej 5", "gammel aarhusvej 5"),
            ("Gammel Aarhusv. 5", "gammel aarhusvej 5"),
            ("Sct. Mogens Gade 5", "sankt mogens gade 5"),
            ("Skt. Mogens Gade 5", "sankt mogens gade 5"),
            ("St. Sct. Hans Gade 5", "store sankt hans gade 5"),
            ("Kgs. Nytorv 5", "kongens nytorv 5"),
            ("Sdr. Allé 5", "soendre alle 5"),
            ("V/ Stranden 5", "ved stranden 5"),
            ("V. Stranden 5", "ved stranden 5"),
            ("Østre V. 5", "oestre vej 5"),
            ("Nr. Søgade 5", "noerre soegade 5"),
            ("10. Februar Vej 5", "10 februar vej 5"),
            ("8800 Viborg, Vestergade 5", "vestergade 5"),
            ("Åvej 5", "aavej 5"),
            ("Vestergade 5, 8000 Aarhus C", "vestergade 5"),
        ] {
            let read = Address::read(text).map(|address| address.text());
            assert_eq!(read.as_deref(), Some(spelt), "{text}");
        }
        assert_eq!(
            Address::read("Sct. Mogens Gade 5").unwrap().key(),
            Address::read("Sankt Mogensgade 5").unwrap().key()
        );
        for text in "Vestergade|12|Vestergade, 8800 Viborg|Vestergade 0|2. tv.|A 12|".split('|') {
            assert!(Address::read(text).is_none(), "{text}");
        }
    }
}
