use super::{spelling::plain, *};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-06-01")
}

fn viborg() -> PostalCode {
    PostalCode::parse("8800").unwrap()
}

fn draft(phone: &str, birth_date: &str, name: &str, address: &str) -> CitizenDraft {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    CitizenDraft {
        phone: given(phone),
        birth_date: given(birth_date),
        name: given(name),
        address: given(address),
    }
}

fn read(draft: &CitizenDraft) -> Result<Identity, Vec<Problem>> {
    Identity::parse(draft, viborg(), today())
}

fn anna() -> Identity {
    let address = "Gl. Skolevej 12, 2. tv.";
    read(&draft(
        "86 12 34 56",
        "12-03-1941",
        "Anna Kirstine Jørgensen",
        address,
    ))
    .unwrap()
}

fn fault_of(draft: &CitizenDraft) -> (String, Fault) {
    let problems = read(draft).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].field.join("."), problems[0].fault.clone())
}

/// Deterministic noise, so that every run tests the same texts.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    /// A text of any characters, thick with those that the readers look for.
    fn text(&mut self) -> String {
        const LIKELY: &str =
            "aAeiouyøæåÖé  ..,,--//''()+0123456789vgstgltvthnrdh\u{200B}\u{301}\u{30A}٣–";
        let likely: Vec<char> = LIKELY.chars().collect();
        (0..self.next(24))
            .map(|_| {
                if self.next(5) == 0 {
                    let code = u32::try_from(self.next(0x11_0000)).unwrap_or(0);
                    return char::from_u32(code).unwrap_or('\u{FFFD}');
                }
                let at = self.next(likely.len() as u64);
                likely[usize::try_from(at).unwrap()]
            })
            .collect()
    }
}

#[test]
fn one_name_is_nobody() {
    for text in "Anna|Jensen|fru Jensen|A. Jensen|J.P. Jensen|Anne-Marie|van Dyck|\
            de la Cour|Jensen jr.|Jensen, fru|O'Brien"
        .split('|')
    {
        assert!(!Name::read(text).unwrap().is_full(), "{text}");
        assert_eq!(
            fault_of(&draft("", "12-03-1941", text, "")),
            (String::new(), Fault::NobodyNamed),
            "{text}"
        );
    }
    for text in "Anna Jensen|Jensen, Anna|fru Bo Å|Anna van Dyck|Anne-Marie Bo|\
            A. B. Anna Bo"
        .split('|')
    {
        assert!(Name::read(text).unwrap().is_full(), "{text}");
    }
}

#[test]
fn all_problems_come_at_once() {
    let problems = read(&draft("86 12", "12.3.41", "1234", "Vestergade")).unwrap_err();
    let unreadable = |path, expected| Problem::at(path, Fault::Unreadable { expected });
    assert_eq!(
        problems,
        [
            unreadable("phone", Format::Phone),
            unreadable("birthDate", Format::BirthDate),
            unreadable("name", Format::PersonName),
            unreadable("address", Format::Address),
        ]
    );
}

#[test]
fn a_citizen_is_somebody() {
    let nobody = (String::new(), Fault::NobodyNamed);
    for (phone, birth_date, name, address) in [
        ("", "", "", ""),
        ("  ", " ", "", ""),
        ("", "12-03-1941", "", ""),
        ("", "", "Anna Lund", ""),
        ("", "", "", "Vestergade 12"),
        ("", "12-03-1941", "Anna", ""),
        ("", "", "Lund", "Vestergade 12"),
    ] {
        assert_eq!(fault_of(&draft(phone, birth_date, name, address)), nobody);
    }
    for (phone, birth_date, name, address) in [
        ("86123456", "", "", ""),
        ("86123456", "", "Anna", ""),
        ("", "12-03-1941", "Anna Lund", ""),
        ("", "", "Anna Lund", "Vestergade 12"),
        ("", "12-03-1941", "", "Vestergade 12"),
    ] {
        assert!(read(&draft(phone, birth_date, name, address)).is_ok());
    }
    assert_eq!(
        fault_of(&draft("", "i går", "Anna Lund", "")).0,
        "birthDate",
        "what could not be read is named, not that nobody was"
    );
}

const CPR_LIKE: &str = "120341-1234|1203411234|120341 1234|120341–1234|120341 - 1234|120341/1234|\
    12-03-41-1234|12.03.41-1234|12 03 41 1234|12 03 41 12 34|1\u{200B}20341-1234|\
    12\u{AD}0341\u{2060}1234|１２０３４１‐１２３４|١٢٠٣٤١-١٢٣٤|120341\u{2212}1234|𝟏𝟐𝟎𝟑𝟒𝟏1234|\
    cpr:120341-1234.|(1203411234)|x1203411234x|721225-1234|290240-1234|\
    1\u{336}2\u{336}0341-1234";

const NO_CPR: &str = "320341-1234|121341-1234|290241-1234|120341-123|12034-1234|120341-12345|\
    21120341-1234|120341, 1234|12.03.2026 8800|86 12 34 56";

#[test]
fn a_cpr_number_is_refused_everywhere() {
    for cpr in CPR_LIKE.split('|') {
        let inside = format!("Anna {cpr}");
        for (at, field) in ["phone", "birthDate", "name", "address"]
            .into_iter()
            .enumerate()
        {
            for value in [cpr, inside.as_str()] {
                let mut values = [""; 4];
                values[at] = value;
                let [phone, birth_date, name, address] = values;
                assert_eq!(
                    fault_of(&draft(phone, birth_date, name, address)),
                    (field.to_owned(), Fault::CprLike),
                    "{value:?}"
                );
            }
        }
        assert_eq!(Label::parse(&inside), Err(Fault::CprLike), "{cpr:?}");
        assert_eq!(
            free_text_fault(&inside, None),
            Some(Fault::CprLike),
            "{cpr:?}"
        );
    }
    for text in NO_CPR.split('|') {
        assert!(!numbers::holds_cpr(text), "{text}");
    }
    assert!(
        numbers::phone("+49 30 12 34 56 78").is_some() && !numbers::holds_cpr("+49 30 12 34 56 78")
    );
}

#[test]
fn a_label_is_one_short_line() {
    assert_eq!(Label::parse(" sag 17 ").unwrap().text(), "sag 17");
    assert_eq!(Label::parse(" "), Err(Fault::Blank));
    assert_eq!(Label::parse("a\nb"), Err(Fault::ControlCharacters));
    assert_eq!(
        Label::parse(&"x".repeat(61)),
        Err(Fault::TooLong { max: 60, got: 61 })
    );
}

#[test]
fn a_phone_number_does_not_stand_in_free_text() {
    for text in "ring 86123456|86 12 34 56|8612 3456|86-12-34-56|86.12.34.56|86-12 34 56|\
            86-123456|86 123 456|861 23 456|(86) 12 34 56|+45 86123456|\
            0045 86 12 34 56|4586123456|+46 70 123 45 67|+298 212345|004670123456|\
            ٨٦١٢٣٤٥٦|86\u{200B}123456|８６ １２ ３４ ５６|kl. 10 ring 20123456|\
            8800 8612 3456|uge 12 86 12 34 56|50 kr. til 86123456|\
            giver 50 kr. 86 12 34 56|2026-12-24 86123456|86123456 200 kr"
        .split('|')
    {
        assert_eq!(
            free_text_fault(text, None),
            Some(Fault::PhoneLike),
            "{text}"
        );
    }
}

#[test]
fn plain_free_text_may_stand() {
    for text in "|Hver tirsdag kl. 14:00-16:00|kl. 14.00-16.00|kl. 1400-1600|\
            14-16 og 18-20|tirsdag 10-12 14-16|14:00 - 16:00|8800 Viborg|\
            8800, 8830 og 8831|siden 2019|2024-2026|2024/2025|\
            1990-1995 boede hun på Fyn|første gang 2026-12-24|24-12-2026|\
            24.12.2026 14.00-16.00|24/12-2026|24. december 2026|den 24.12.26|\
            100 kr.|12.500 kr|1.250.000 kr.|12.500.000 kroner|2000-3000 kr|\
            12 500 000 kr.|12345678 kr|10.000-15.000 kr|1200,50|uge 10, 11, 12, 13|\
            +65 år|60+|3-4 gange om måneden|den 12., 14. og 16.|\
            12. 14. 16. 18. december|bus 1, 2A og 67|2 x 45 min.|\
            nøgleboks ved døren|Vestergade|1-2-3-4|50 %|112|1813|2026-12-24 1400|\
            00:00-24:00|00.30-02.30 12.00-14.00"
        .split('|')
    {
        assert_eq!(free_text_fault(text, None), None, "{text}");
        assert_eq!(free_text_fault(text, Some(&anna())), None, "{text}");
    }
}

#[test]
fn free_text_does_not_say_who_it_is() {
    let anna = anna();
    for (field, texts) in [
        (
            "phone",
            "86123456|86 12 34 56|8-6-1-2-3-4-5-6|+45 8612 3456|86 - 12 - 34 - 56",
        ),
        (
            "birthDate",
            "f. 12-03-1941|12.3.41|12/3 1941|12. marts 1941|1941-03-12|120341|\
                12031941|19410312|12 mar '41|hun er født den 12.marts 1941.|\
                １２.３.１９４１",
        ),
        (
            "name",
            "Anna Kirstine Jørgensen|besøg hos ANNA KIRSTINE JOERGENSEN|\
                Jørgensen, Anna Kirstine|Anna-Kirstine Jørgensen|Anna Jørgensen|\
                Anna Kirstine Jørgensens hus|Jørgensen, Anna|anna\u{200B} jørgensen|\
                (Anna) [Jørgensen]",
        ),
        (
            "address",
            "Gammel Skolevej 12|gl. skolev. 12|Gl Skolevej nr. 12 B|\
                bor på gammel skolevej 12, 1. th|GL. SKOLEVEJ 012",
        ),
    ] {
        for text in texts.split('|') {
            assert_eq!(
                free_text_fault(text, Some(&anna)),
                Some(Fault::Identifies { field }),
                "{text}"
            );
        }
    }
    for text in "Anna|Kirstine og Jørgen|Jørgensen|12. marts|12-03-1942|1941|13.3.41|\
            Gammel Skolevej|Skolevej 12|Gammel Skolevej 14|Hanna Jørgensen|\
            Anna og Jørgensen"
        .split('|')
    {
        assert_eq!(free_text_fault(text, Some(&anna)), None, "{text}");
    }
    let junior = read(&draft("86123456", "", "dr. Jens van Lund jr.", "")).unwrap();
    for text in [
        "Jens van Lund jr.",
        "Jens Lund",
        "Lund, hr. Jens",
        "Jens van Lund",
        "Lund jr., Jens",
    ] {
        let name = Some(Fault::Identifies { field: "name" });
        assert_eq!(free_text_fault(text, Some(&junior)), name, "{text}");
    }
    let by_surname = read(&draft("86123456", "", "Lund", "")).unwrap();
    let name = Some(Fault::Identifies { field: "name" });
    assert_eq!(free_text_fault("hos Lunds", Some(&by_surname)), name);
    assert_eq!(free_text_fault("i lunden", Some(&by_surname)), None);
}

#[test]
fn a_spelling_is_spelt_the_same_again() {
    let mut noise = Noise(0x5EED);
    let (mut names, mut addresses) = (0, 0);
    for _ in 0..10_000 {
        let text = noise.text();
        let once = plain(&text);
        assert_eq!(plain(&once), once, "{text:?}");
        if let Some(name) = Name::read(&text).map(|name| name.text()) {
            assert_eq!(
                Name::read(&name).map(|name| name.text()),
                Some(name),
                "{text:?}"
            );
            names += 1;
        }
        for text in [text.clone(), format!("Å{text} 7 {text}")] {
            if let Some(address) = Address::read(&text).map(|address| address.text()) {
                let again = Address::read(&address).map(|address| address.text());
                assert_eq!(again, Some(address), "{text:?}");
                addresses += 1;
            }
        }
        if let Some(phone) = numbers::phone(&text) {
            assert_eq!(numbers::phone(&phone), Some(phone), "{text:?}");
        }
    }
    assert!(names > 1_000 && addresses > 1_000, "{names} {addresses}");
}

#[test]
fn any_text_is_read_or_refused() {
    let mut noise = Noise(0xFAE1);
    let anna = anna();
    for _ in 0..20_000 {
        let [phone, birth_date, name, address] = std::array::from_fn(|_| noise.text());
        let given = draft(&phone, &birth_date, &name, &address);
        if let Ok(identity) = read(&given) {
            let text = noise.text();
            let _ = free_text_fault(&text, Some(&identity));
            assert!(identity.points_to_somebody());
        }
        let _ = free_text_fault(&noise.text(), Some(&anna));
        let _ = Label::parse(&phone);
    }
}

#[test]
fn what_was_read_is_found_in_free_text() {
    let mut noise = Noise(0xC0DE);
    let mut found = 0;
    for _ in 0..20_000 {
        let name = format!("Ib {} Bo", noise.text());
        let Ok(identity) = read(&draft("86123456", "", &name, "")) else {
            continue;
        };
        let fault = free_text_fault(&format!("hos {name} igen"), Some(&identity));
        assert!(fault.is_some(), "{name:?}");
        found += 1;
    }
    assert!(found > 1_000, "{found}");
}

#[test]
fn long_texts_are_read() {
    let anna = anna();
    for piece in [
        "1 ", "12 ", "12.", "a", "a ", "gl. ", "12 03 ", "86-", "1941 ",
    ] {
        let text = piece.repeat(5_000 / piece.len());
        let _ = free_text_fault(&text, Some(&anna));
        let _ = read(&draft(&text, &text, &text, &text));
    }
}

#[test]
fn no_value_is_shown() {
    let show = |shown: &dyn fmt::Debug| format!("{shown:?}");
    let phone = "+45 86 99 77 55";
    let given = draft(
        phone,
        "17-08-1933",
        "Zebraline Quistgaard",
        "Xylofonvej 77, 3. tv",
    );
    let identity = read(&given).unwrap();
    let label = Label::parse("Zebraline 8699").unwrap();
    let mut shown = format!("{given:?} {given:#?} {identity:?} {identity:#?} {label:?} {label:#?}");
    let faulty = draft(
        "8699775",
        "17-08-33",
        "Zebraline 7755",
        "Quistgaard Xylofonvej",
    );
    shown.push_str(&show(&read(&faulty).unwrap_err()));
    let with_cpr = draft(
        "170833-7755",
        "Zebraline 170833-7755",
        "1708337755",
        "Xylofonvej 170833 7755",
    );
    shown.push_str(&show(&read(&with_cpr).unwrap_err()));
    for text in [
        phone,
        "Zebraline Quistgaard",
        "17. august 1933",
        "xylofonvej 77",
        "170833-7755",
    ] {
        shown.push_str(&show(&free_text_fault(text, Some(&identity)).unwrap()));
    }
    let shown = shown.to_lowercase();
    for mark in [
        "zebra", "quist", "xylo", "7755", "8699", "99775", "1933", "1708", "17-08",
    ] {
        assert!(!shown.contains(mark), "{mark} in {shown}");
    }
    assert!(shown.contains("birthdate"));
}
