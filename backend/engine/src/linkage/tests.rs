use chrono::NaiveDate;

use super::*;
use crate::{citizen::CitizenDraft, place::PostalCode};

/// Reads `phone | birth date | name | address | postcode`; what is left out is not given, and the
/// postcode is 8800.
fn person(text: &str) -> Identity {
    let mut fields = text.split('|').map(|field| field.trim().to_owned());
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let draft = CitizenDraft {
        phone: next(),
        birth_date: next(),
        name: next(),
        address: next(),
    };
    let postal_code = PostalCode::parse(next().as_deref().unwrap_or("8800")).unwrap();
    let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    Identity::parse(&draft, postal_code, today)
        .unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn secret(seed: u8) -> Secret {
    Secret::new(&[seed; 32]).unwrap()
}

fn kinds(text: &str) -> Vec<TokenKind> {
    text.split_whitespace()
        .map(|kind| match kind {
            "phone" => TokenKind::Phone,
            "name-birth" => TokenKind::NameBirth,
            "name-address" => TokenKind::NameAddress,
            "birth-address" => TokenKind::BirthAddress,
            "sound-birth" => TokenKind::SoundBirth,
            other => panic!("{other}"),
        })
        .collect()
}

const EVERYTHING: &str = "phone name-birth name-address birth-address sound-birth";
const ALL_BUT_PHONE: &str = "name-birth name-address birth-address sound-birth";

/// Pairs as two associations would write them, and what they agree on.
#[rustfmt::skip]
const PAIRS: [(&str, &str, &str); 66] = [
    // One person, written in two ways.
    ("86123456|12-03-1941|Anna Lund|Vestergade 12", "+45 86 12 34 56|1941-03-12|ANNA LUND|vestergade 12", EVERYTHING),
    ("86123456", "0045 8612 3456", "phone"),
    ("86123456||Anna", "86 12 34 56|12-03-1941|Anna Lund", "phone"),
    ("+46 70 123 45 67", "0046701234567", "phone"),
    ("|12-03-1941|Anna Lund", "|12. marts 1941|fru Anna Lund", "name-birth sound-birth"),
    ("|12-03-1941|Anna Lund", "|12/3 1941|Lund, Anna", "name-birth sound-birth"),
    ("|12-03-1941|Anna Lund", "|12.3.1941|Lund, fru  ANNA", "name-birth sound-birth"),
    ("|12-03-1941|Åge Sørensen", "|12-03-1941|Aage Soerensen", "name-birth sound-birth"),
    ("|12-03-1941|Åge Sørensen", "|12-03-1941|A\u{30A}ge Sørensen", "name-birth sound-birth"),
    ("|12-03-1941|Anne-Marie Bo", "|12-03-1941|Annemarie Bo", "name-birth sound-birth"),
    ("|12-03-1941|Anne-Marie Bo", "|12-03-1941|Anne Marie Bo", "name-birth sound-birth"),
    ("|12-03-1941|René Berg", "|12-03-1941|Rene Berg", "name-birth sound-birth"),
    ("|12-03-1941|Mary O'Brien", "|12-03-1941|Mary O’Brien", "name-birth sound-birth"),
    ("|12-03-1941|Guðrun Olsen", "|12-03-1941|Gudrun Olsen", "name-birth sound-birth"),
    ("|12-03-1941|Anna\u{AD} Lund", "|12-03-1941|Anna Lund", "name-birth sound-birth"),
    ("||Anna Lund|Vestergade 12, 2. tv.", "||Anna Lund|vestergade 12 2 tv", "name-address"),
    ("||Anna Lund|Gl. Skolevej 3", "||Anna Lund|Gammel Skolev. 3", "name-address"),
    ("||Anna Lund|Sct. Mogens Gade 3", "||Anna Lund|Sankt Mogensgade 3", "name-address"),
    ("||Anna Lund|Kgs. Nytorv 3|1050", "||Anna Lund|Kongens Nytorv 3|1050", "name-address"),
    ("||Anna Lund|Søndre Allé 3 A", "||Anna Lund|Sdr. Alle 3a", "name-address"),
    ("||Anna Lund|Åvej 3, st. th.", "||Anna Lund|Aavej 3, stuen til højre", "name-address"),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Toftegården, Vestergade 3, 8800 Viborg", "name-address"),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Vestergade nr. 3 v/ Hansen", "name-address"),
    ("|12-03-1941||Vestergade 3", "|12-03-1941|Anna Lund|Vesterg. 3", "birth-address"),
    ("|12-03-1941|Anna Lund|Vestergade 3", "|12-03-1941|Anna Lund|Vestergade 3", ALL_BUT_PHONE),
    // One person, and only the sound of the name agrees. Not decided here.
    ("|12-03-1941|Christian Bo", "|12-03-1941|Kristian Bo", "sound-birth"),
    ("|12-03-1941|Karen Christensen", "|12-03-1941|Karen Kristensen", "sound-birth"),
    ("|12-03-1941|Søren Lund", "|12-03-1941|Soren Lund", "sound-birth"),
    ("|12-03-1941|Sören Lund", "|12-03-1941|Søren Lund", "sound-birth"),
    ("|12-03-1941|Dorthe Schmidt", "|12-03-1941|Dorte Smidt", "sound-birth"),
    ("|12-03-1941|Svend Kjær", "|12-03-1941|Sven Kær", "sound-birth"),
    ("|12-03-1941|Poul Meyer", "|12-03-1941|Povl Mejer", "sound-birth"),
    ("|12-03-1941|Carl Philip Wolf", "|12-03-1941|Karl Filip Volf", "sound-birth"),
    // One person, and nothing agrees that would decide: known misses.
    ("|12-03-1941|Anna Lund", "|13-03-1941|Anna Lund", ""),
    ("|12-03-1941|Anna Lund", "|12-03-1941|Anna Kirstine Lund", ""),
    ("|12-03-1941|Anna K. Lund", "|12-03-1941|Anna Kirstine Lund", ""),
    ("|12-03-1941|Anna Lund|Vestergade 3", "|12-03-1941|Anna Holm|Vestergade 3", "birth-address"),
    ("86123456|12-03-1941|Anna Lund", "20304050||Anna Lund|Vestergade 3", ""),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Vestergade 3, 1. sal", ""),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Østergade 3", ""),
    ("86123456", "|12-03-1941|Anna Lund|Vestergade 3", ""),
    // Two people.
    ("|12-03-1941|Anna Lund", "|12-03-1941|Inger Lund", ""),
    ("|12-03-1941|Anna Lund", "|12-03-1941|Hanna Lund", ""),
    ("|12-03-1941|Anna Lund", "|12-03-1941|Anne Lund", ""),
    ("|12-03-1941|Anna Pedersen", "|12-03-1941|Anna Petersen", ""),
    ("|12-03-1941|Jens Hansen", "|12-03-1941|Hans Jensen", ""),
    ("|12-03-1941|Jens Hansen", "|12-03-1942|Jens Hansen", ""),
    ("|12-03-1941|Jens Hansen", "|03-12-1941|Jens Hansen", ""),
    ("|12-03-1941|Jens Peter Hansen", "|12-03-1941|Jens Erik Hansen", ""),
    ("|12-03-1941|Jens Peter Hansen", "|12-03-1941|Peter Jens Hansen", ""),
    ("|12-03-1941|Jens Hansen|Vestergade 3", "|04-07-1968|Jens Hansen|Østergade 9", ""),
    ("||Jens Hansen sr.|Vestergade 3", "||Jens Hansen jr.|Vestergade 3", ""),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Vestergade 3A", ""),
    ("||Anna Lund|Vestergade 3", "||Anna Lund|Vestergade 13", ""),
    ("||Anna Lund|Vestergade 3, 1. tv", "||Anna Lund|Vestergade 3, 1. th", ""),
    ("||Anna Lund|Vestergade 3, 1. tv", "||Anna Lund|Vestergade 3, 2. tv", ""),
    ("||Anna Lund|Vestergade 3|8800", "||Anna Lund|Vestergade 3|8830", ""),
    ("||Anna Lund|Vestergade 3", "||Bent Lund|Vestergade 3", ""),
    ("86123456", "86123457", ""),
    ("+46 86123456", "+45 86123456", ""),
    // Twins at one address share birth date and address, which does not decide.
    ("|12-03-1941|Anna Lund|Vestergade 3", "|12-03-1941|Inger Lund|Vestergade 3", "birth-address"),
    ("|12-03-1941|Bo Lund|Vestergade 3", "|12-03-1941|Bodil Lund|Vestergade 3", "birth-address"),
    // Two people who cannot be told apart: known false alarms.
    ("86123456|12-03-1941|Anna Lund", "86123456|30-01-1939|Bent Lund", "phone"),
    ("|12-03-1941|Jens Hansen|Vestergade 3", "|04-07-1968|Jens Hansen|Vestergade 3", "name-address"),
    ("|12-03-1941|Anna Jensen", "|12-03-1941|Anna Jensen|Fjernvej 5|1050", "name-birth sound-birth"),
    ("86123456", "86123456||Bent Lund|Andenvej 5|1050", "phone"),
];

#[test]
fn pairs_agree_on_what_they_share_and_nothing_else() {
    for (a, b, shared) in PAIRS {
        let expected = kinds(shared);
        let (x, y) = (
            tokens(&person(a), &secret(1)),
            tokens(&person(b), &secret(1)),
        );
        assert_eq!(agreements(&x, &y), expected, "{a} / {b}");
        assert_eq!(agreements(&y, &x), expected, "{b} / {a}");
        let decided = ["phone", "name-birth", "name-address"];
        let is_same = shared
            .split_whitespace()
            .any(|kind| decided.contains(&kind));
        assert_eq!(same(&x, &y), is_same, "{a} / {b}");
        assert!(
            agreements(&x, &tokens(&person(b), &secret(2))).is_empty(),
            "{a} / {b}"
        );
    }
}

#[test]
fn each_kind_needs_its_fields_and_no_token_is_of_one_name_or_a_date() {
    for (given, made) in [
        ("86123456", "phone"),
        ("86123456|12-03-1941", "phone"),
        ("86123456||Anna", "phone"),
        ("86123456||Anna Lund", "phone"),
        ("86123456|12-03-1941|Lund", "phone"),
        ("86123456||Lund|Vestergade 3", "phone"),
        ("|12-03-1941|Anna Lund", "name-birth sound-birth"),
        ("||Anna Lund|Vestergade 3", "name-address"),
        ("|12-03-1941||Vestergade 3", "birth-address"),
        ("|12-03-1941|fru Lund|Vestergade 3", "birth-address"),
        ("86123456|12-03-1941|Anna Lund|Vestergade 3", EVERYTHING),
    ] {
        let made_of: Vec<TokenKind> = tokens(&person(given), &secret(1))
            .iter()
            .map(|token| token.kind)
            .collect();
        assert_eq!(made_of, kinds(made), "{given}");
    }
}

/// Values made apart from this program, from the formulas in `docs/LINKAGE.md`. When they change,
/// [`SCHEME`] must.
#[test]
fn a_token_is_what_the_formula_says() {
    let hex = |bytes: &[u8]| -> String {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    };
    let citizen = "86123456|12-03-1941|Åge Christensen|Gl. Skolevej 12 A, 2. tv.";
    let made = tokens(&person(citizen), &secret(7));
    let values: Vec<String> = made.iter().map(|token| hex(&token.value)).collect();
    assert_eq!(
        values,
        [
            "a3b216e0d7d21f2ad70a9c2ca52b67227120c819c89ee175327d25921245787a",
            "b5247cc537079534770f93382a4c6c90014f89961312ce73942144d843ea4793",
            "5e12f1bd67e528c5ac5c676acce15c0a28f3644d32505b39c681c4465aa4c34f",
            "49d1658ea27b70de8dafb302b63a6f344f2aa318b3d52ce8dc01bf89775505c5",
            "9e32c2b15e09120a2b2c4a943bce9ce3288286e8a3cddbfdcb6b89fc4da4ace7",
        ]
    );
    assert_eq!(secret(7).id().to_string(), "754102087f3bece2");
    assert_eq!(
        hex(&wrap(&made[0], &secret(8)).value),
        "d8b6a6439e065e6559c690f2d873707b03133c0f90f5168c84700f1053d7e4e4"
    );
}

#[test]
fn parts_do_not_run_into_each_other() {
    let value = |text: &str| tokens(&person(text), &secret(1))[0].value;
    assert_ne!(
        value("||Anna Lund|Vej to 12, 3. 4"),
        value("||Anna Lund|Vej to 1, 23. 4")
    );
    let all = tokens(
        &person("86123456|12-03-1941|Anna Lund|Vestergade 3"),
        &secret(1),
    );
    for (at, token) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| other.value != token.value));
    }
}

#[test]
fn fresh_and_wrapped_tokens_agree() {
    let secrets = [secret(1), secret(2), secret(3)];
    for (text, ..) in PAIRS {
        let citizen = person(text);
        let mut stored = tokens(&citizen, &secrets[0]);
        for count in 1..=3 {
            let ring = Ring::new(secrets[..count].to_vec()).unwrap();
            stored = stored
                .iter()
                .map(|token| ring.renew(token).unwrap())
                .collect();
            assert_eq!(stored, ring.tokens(&citizen), "{text}");
            assert!(stored.iter().all(|token| token.keys == ring.keys()));
        }
        let ring = Ring::new(secrets.to_vec()).unwrap();
        let at_once: Vec<Token> = tokens(&citizen, &secrets[0])
            .iter()
            .map(|token| ring.renew(token).unwrap())
            .collect();
        assert_eq!(at_once, stored, "wrapped twice at once, or once each time");
    }
}

#[test]
fn other_chains_and_schemes_never_agree() {
    let citizen = person("86123456|12-03-1941|Anna Lund|Vestergade 3");
    let ring = |seeds: &[u8]| Ring::new(seeds.iter().map(|seed| secret(*seed)).collect()).unwrap();
    let chains: [&[u8]; 6] = [&[1], &[2], &[1, 2], &[2, 1], &[1, 2, 3], &[1, 3]];
    for a in chains {
        for b in chains.into_iter().filter(|b| *b != a) {
            let (x, y) = (ring(a).tokens(&citizen), ring(b).tokens(&citizen));
            assert!(
                agreements(&x, &y).is_empty() && !same(&x, &y),
                "{a:?} {b:?}"
            );
            assert!(
                x.iter()
                    .zip(&y)
                    .all(|(x, y)| x.value != y.value && !x.is_comparable(y))
            );
        }
    }
    let token = &ring(&[1]).tokens(&citizen)[0];
    let of_later_scheme = Token {
        scheme: SCHEME + 1,
        ..token.clone()
    };
    assert!(!token.agrees(&of_later_scheme) && token.agrees(token));
    let of_other_kind = Token {
        kind: TokenKind::NameBirth,
        ..token.clone()
    };
    assert!(!token.agrees(&of_other_kind));
}

#[test]
fn only_a_token_of_the_same_chain_is_renewed() {
    let citizen = person("86123456");
    let ring = Ring::new(vec![secret(1), secret(2)]).unwrap();
    for stranger in [vec![2], vec![3], vec![2, 1], vec![1, 3], vec![1, 2, 3]] {
        let strange = Ring::new(stranger.into_iter().map(secret).collect()).unwrap();
        assert!(ring.renew(&strange.tokens(&citizen)[0]).is_none());
    }
    let current = ring.tokens(&citizen).remove(0);
    assert_eq!(ring.renew(&current), Some(current.clone()));
    let without_keys = Token {
        keys: Vec::new(),
        ..current
    };
    assert!(ring.renew(&without_keys).is_none());
}

#[test]
fn a_secret_is_long_and_stands_once() {
    for got in [0, 1, 31] {
        assert_eq!(
            Secret::new(&vec![7; got]).unwrap_err(),
            SecretError::TooShort { got }
        );
    }
    assert!(
        [32, 64, 65, 1000]
            .iter()
            .all(|length| Secret::new(&vec![7; *length]).is_ok())
    );
    assert_eq!(Ring::new(Vec::new()).unwrap_err(), SecretError::Missing);
    let repeated = Ring::new(vec![secret(1), secret(2), secret(1)]).unwrap_err();
    assert_eq!(repeated, SecretError::Repeated(secret(1).id()));
}

#[test]
fn a_key_is_named_by_sixteen_digits() {
    let id = secret(7).id();
    assert_eq!(KeyId::parse(&id.to_string()), Some(id));
    for text in [
        "",
        "0123",
        "+123456789abcdef",
        "0123456789ABCDEF",
        "0123456789abcdef0",
        "0123456789abcdeg",
    ] {
        assert_eq!(KeyId::parse(text), None, "{text}");
    }
}

#[test]
fn numbers_of_kinds_are_never_given_anew() {
    assert_eq!(TokenKind::ALL.map(TokenKind::number), [1, 2, 3, 4, 5]);
    assert_eq!(
        TokenKind::ALL.map(TokenKind::decides),
        [true, true, true, false, false]
    );
}

#[test]
fn no_value_and_no_key_is_shown() {
    let material = b"marked-key-material-marked-key-material";
    let secret = Secret::new(material).unwrap();
    let token = Token {
        value: [0xAB; 32],
        ..tokens(&person("86997755"), &secret).remove(0)
    };
    let ring = Ring::new(vec![secret.clone()]).unwrap();
    let short = Secret::new(b"marked").unwrap_err();
    let shown = format!("{token:?} {token:#?} {secret:?} {secret:#?} {ring:?} {short:?} {short}");
    let in_numbers = format!("{:?}", &material[..6]);
    for mark in [
        "marked",
        "997755",
        "171",
        "abab",
        in_numbers.trim_matches(['[', ']']),
    ] {
        assert!(!shown.contains(mark), "{mark} in {shown}");
    }
    assert!(shown.contains(&secret.id().to_string()));
}
