//! A citizen is nowhere. What names one is marked, sent through every mutation that takes it, well
//! and badly, and then looked for in whatever is kept and in whatever is said to anybody.

use std::{collections::HashMap, time::Duration};

use chrono::NaiveDate;
use faelled_engine::{
    citizen::{CitizenDraft, Identity, Label},
    id::OrganizationId,
    organization::Role,
    place::PostalCode,
};
use faelled_server::app::visits::ArrangementDraft;
use faelled_tests::{
    TestServer, User, both_databases, fixtures, log,
    server::{absent_id, base64, organization_id, reason, text},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    subscriptions::Listener,
    visits::{CHECK, COORDINATE, DISMISS, REGISTER, SUSPEND, UPDATE, elna, on, register, visits},
    walk::{self, Known},
};

/// Letters of nobody's name.
fn letters() -> String {
    let digits = fixtures::uuid().simple().to_string();
    let letter = |digit: char| {
        let at = usize::try_from(digit.to_digit(16).unwrap()).unwrap();
        char::from(b"bdfghklmnoprstuv"[at])
    };
    digits.chars().take(20).map(letter).collect()
}

fn capitalized(word: &str) -> String {
    format!("{}{}", word[..1].to_uppercase(), &word[1..])
}

/// A citizen whose every value stands nowhere else.
#[derive(Clone)]
struct Marked {
    phone: String,
    birth: NaiveDate,
    first: String,
    surname: String,
    street: String,
    label: String,
}

impl Marked {
    fn fresh() -> Self {
        let random = fixtures::uuid().as_u128();
        let part = |by: u128, below: u128| u32::try_from(random / by % below).unwrap();
        let birth = NaiveDate::from_ymd_opt(
            1920 + i32::try_from(part(1, 30)).unwrap(),
            10 + part(30, 3),
            13 + part(90, 16),
        );
        Self {
            phone: format!("2{:07}", 1_000_000 + part(10_000, 8_999_999)),
            birth: birth.unwrap(),
            first: capitalized(&letters()),
            surname: capitalized(&letters()),
            street: capitalized(&letters()),
            label: capitalized(&letters()),
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.first, self.surname)
    }

    fn address(&self) -> String {
        format!("{}vej 17, 2. tv", self.street)
    }

    fn grouped_phone(&self) -> String {
        let pairs: Vec<&str> = (0..4).map(|at| &self.phone[at * 2..at * 2 + 2]).collect();
        format!("+45 {}", pairs.join(" "))
    }

    fn citizen(&self) -> Value {
        json!({ "phone": self.grouped_phone(), "birthDate": self.birth.format("%d-%m-%Y").to_string(),
            "name": self.name(), "address": self.address() })
    }

    /// What must stand nowhere, in the spellings in which a program could have kept it.
    fn forms(&self) -> Vec<Form> {
        let date = |format: &str| self.birth.format(format).to_string();
        let numbers = [
            self.phone.clone(),
            format!("45{}", self.phone),
            date("%d%m%Y"),
            date("%Y%m%d"),
        ];
        let texts = [
            self.grouped_phone(),
            self.grouped_phone()[4..].to_owned(),
            date("%d-%m-%Y"),
            date("%Y-%m-%d"),
            date("%d%m%y-4321"),
            self.first.clone(),
            self.surname.clone(),
            format!("{}vej", self.street),
            self.label.clone(),
        ];
        let hashed = [self.name(), format!("+45{}", self.phone)];
        let numbers = numbers.into_iter().flat_map(|number| {
            let mut forms = encoded(&number);
            forms.push(Form::Number(number));
            forms
        });
        let texts = texts.into_iter().flat_map(|text| {
            let mut forms = encoded(&text);
            forms.extend(encoded(&text.to_lowercase()));
            forms.push(Form::Text(text.to_lowercase()));
            forms
        });
        let hashed = hashed.into_iter().flat_map(|text| hashes(&text));
        numbers.chain(texts).chain(hashed).collect()
    }
}

/// One spelling of something that is marked.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// In letters of any case.
    Text(String),
    /// As a number of its own, and not by chance within another.
    Number(String),
    /// To the letter.
    Exact(String),
}

/// In hexadecimal digits, and in base64 wherever in a longer text it stands.
fn encoded(text: &str) -> Vec<Form> {
    let hex = hex::encode(text);
    let mut forms = vec![Form::Text(hex)];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(text.as_bytes());
        bytes.truncate(bytes.len() / 3 * 3);
        let whole = base64(&bytes);
        let own = if before == 0 { &whole[..] } else { &whole[4..] };
        if own.len() >= 8 {
            forms.push(Form::Exact(own.to_owned()));
            forms.push(Form::Exact(own.replace('-', "+").replace('_', "/")));
        }
    }
    forms
}

/// Of a value that can be guessed, a hash without a key is as good as the value.
fn hashes(text: &str) -> Vec<Form> {
    let spellings = [text.to_owned(), text.to_lowercase(), text.replace('+', "")];
    let hash = |spelling: &String| {
        let hash = Sha256::digest(spelling.as_bytes());
        let hex = hex::encode(hash);
        [Form::Text(hex), Form::Exact(base64(&hash)[..40].to_owned())]
    };
    spellings.iter().flat_map(hash).collect()
}

/// Something that was kept or said, to be searched.
struct Heap {
    what: String,
    text: String,
    lower: String,
}

impl Heap {
    fn new(what: impl Into<String>, text: String) -> Self {
        let lower = text.to_lowercase();
        Self {
            what: what.into(),
            text,
            lower,
        }
    }

    fn assert_blind(&self, searched: &Searched) {
        for (at, form) in searched.starting_in(&self.lower) {
            let (Form::Text(text) | Form::Number(text)) = form else {
                continue;
            };
            let is_there = self.lower[at..].starts_with(text.as_str())
                && (matches!(form, Form::Text(_)) || stands_alone(&self.lower, at, text));
            assert!(
                !is_there,
                "{form:?} stands in {}: {}",
                self.what,
                around(&self.lower, at)
            );
        }
        for (at, form) in searched.starting_in(&self.text) {
            let is_there = matches!(form, Form::Exact(text) if self.text[at..].starts_with(text));
            assert!(
                !is_there,
                "{form:?} stands in {}: {}",
                self.what,
                around(&self.text, at)
            );
        }
    }
}

fn stands_alone(text: &str, at: usize, number: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let after = text[at + number.len()..].chars().next();
    !is_letter(text[..at].chars().next_back()) && !is_letter(after)
}

fn around(text: &str, at: usize) -> String {
    let before: String = text[..at].chars().rev().take(200).collect();
    let before: String = before.chars().rev().collect();
    before + &text[at..].chars().take(200).collect::<String>()
}

/// Bytes by which forms are looked up, so that one look at a text finds them all.
const BEGINNING: usize = 8;

/// Many forms, by how they begin.
struct Searched(HashMap<Vec<u8>, Vec<Form>>);

impl Searched {
    fn of(marked: &[Marked]) -> Self {
        let mut forms: HashMap<Vec<u8>, Vec<Form>> = HashMap::new();
        for form in marked.iter().flat_map(Marked::forms) {
            let (Form::Text(text) | Form::Number(text) | Form::Exact(text)) = &form;
            let beginning = text.as_bytes()[..BEGINNING].to_vec();
            forms.entry(beginning).or_default().push(form);
        }
        Self(forms)
    }

    /// Where a form may begin, and which.
    fn starting_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a Form)> {
        let windows = text.as_bytes().windows(BEGINNING).enumerate();
        windows.flat_map(|(at, window)| {
            let forms = self.0.get(window).into_iter().flatten();
            forms.map(move |form| (at, form))
        })
    }
}

/// The record as it is now: its rows, and what lies in its files.
async fn record_now(record: &faelled_tests::TestRecord, when: &str) -> Vec<Heap> {
    let rows = record.rows().await.join("\n");
    let bytes = String::from_utf8_lossy(&record.bytes()).into_owned();
    vec![
        Heap::new(format!("the rows {when}"), rows),
        Heap::new(format!("the file {when}"), bytes),
    ]
}

/// Two associations that visit, one that is not verified, and the house.
struct Town {
    kors: OrganizationId,
    karen: User,
    sagen: OrganizationId,
    soren: User,
    new: OrganizationId,
    nora: User,
    helle: User,
    mads: User,
}

async fn town(server: &TestServer) -> Town {
    let kors = server.association("Røde Kors Viborg").await;
    let sagen = server.association("Ældre Sagen Viborg").await;
    let new = server.association("Nystiftet Forening").await;
    let house = server.house("De Frivilliges Hus", &["0791"]).await;
    let helle = server.someone("Helle", house, Role::Coordinator).await;
    let suspend = json!({ "id": organization_id(new), "version": 1, "reason": "Er helt ny" });
    server
        .did(&helle, SUSPEND, json!({ "input": suspend }))
        .await;
    Town {
        kors,
        karen: server.someone("Karen", kors, Role::Coordinator).await,
        sagen,
        soren: server.someone("Søren", sagen, Role::Coordinator).await,
        new,
        nora: server.someone("Nora", new, Role::Coordinator).await,
        helle,
        mads: server.someone("Mads", kors, Role::Member).await,
    }
}

fn marked_visits(organization: OrganizationId, marked: &Marked) -> Value {
    let mut input = visits(organization, marked.citizen(), on("TU"));
    input["label"] = json!(marked.label);
    input
}

fn draft_of(mut input: Value) -> Value {
    let fields = input.as_object_mut().unwrap();
    for field in ["citizenAgrees", "label", "note", "idempotencyKey"] {
        fields.remove(field);
    }
    input
}

/// An input with something wrong in it, and what is wrong.
type Spoiled = (&'static str, fn(&mut Value, &Marked));

/// Every way to send a citizen that is answered with errors.
const SPOILED: [Spoiled; 22] = [
    ("an unknown theme", |input, _| {
        input["theme"] = json!("flying");
    }),
    ("the name as the theme", |input, marked| {
        input["theme"] = json!(marked.name());
    }),
    ("the phone number as the postcode", |input, marked| {
        input["postalCode"] = json!(marked.phone);
    }),
    ("the address as the postcode", |input, marked| {
        input["postalCode"] = json!(marked.address());
    }),
    ("visits that never are", |input, _| {
        input["schedule"] = json!({});
    }),
    ("the name in the rule", |input, marked| {
        input["schedule"]["recurrences"][0]["rule"] = json!(format!("FREQ={}", marked.name()));
    }),
    ("a phone number with a word", |input, marked| {
        input["citizen"]["phone"] = json!(format!("{} lokal {}", marked.phone, marked.surname));
    }),
    ("a day that never was", |input, marked| {
        input["citizen"]["birthDate"] = json!(format!("31-11-1931 {}", marked.surname));
    }),
    ("a name that is too long", |input, marked| {
        input["citizen"]["name"] = json!(format!("{} {}", marked.name(), "x".repeat(200)));
    }),
    ("an address that is too long", |input, marked| {
        input["citizen"]["address"] = json!(format!("{} {}", marked.address(), "x".repeat(300)));
    }),
    ("a label that is too long", |input, marked| {
        input["label"] = json!(format!("{} {}", marked.label, "x".repeat(100)));
    }),
    ("a CPR number beside it", |input, marked| {
        input["citizen"]["phone"] = json!(format!("{}-4321", marked.birth.format("%d%m%y")));
    }),
    ("a CPR number as the label", |input, marked| {
        input["label"] = json!(format!("{} 120341-4321", marked.label));
    }),
    ("control characters", |input, marked| {
        input["citizen"]["name"] = json!(format!("{}\u{0}{}", marked.first, marked.surname));
        input["label"] = json!(format!("{}\u{7}", marked.label));
    }),
    ("a surname only", |input, marked| {
        input["citizen"] = json!({ "name": marked.surname });
    }),
    ("the name in the note", |input, marked| {
        input["note"] = json!(format!("{} tager imod", marked.name()));
    }),
    ("the phone number in the note", |input, marked| {
        input["note"] = json!(format!("Ring på {}", marked.phone));
    }),
    ("the birth date in the note", |input, marked| {
        input["note"] = json!(format!(
            "Fylder år, født {}",
            marked.birth.format("%d-%m-%Y")
        ));
    }),
    ("the address in the note", |input, marked| {
        input["note"] = json!(format!("Mødes ved {}", marked.address()));
    }),
    ("the phone number as the key", |input, marked| {
        input["idempotencyKey"] = json!(marked.phone);
    }),
    ("the surname as the key", |input, marked| {
        input["idempotencyKey"] = json!(format!("besoeg-{}-{}", marked.first, marked.surname));
    }),
    ("a key that is none", |input, marked| {
        input["idempotencyKey"] = json!(marked.name());
    }),
];

/// Requests whose form is wrong, so that the transport or the schema answers them.
fn malformed(organization: &str, marked: &Marked) -> Vec<String> {
    let (phone, name, street) = (&marked.phone, marked.name(), marked.address());
    let with = |citizen: &str| {
        format!("mutation {{ checkVisitArrangement(input: {{ organization: \"{organization}\", citizen: {{ {citizen} }},
            postalCode: \"8800\", theme: \"visiting-friend\", schedule: {{ }} }}) {{ check {{ isClose }} userErrors {{ code }} }} }}")
    };
    let query = "mutation($input: CheckVisitArrangementInput!) { checkVisitArrangement(input: $input) { check { isClose } } }";
    let variables = |citizen: Value| {
        let mut input = draft_of(visits(
            OrganizationId::new(fixtures::uuid()),
            json!({}),
            on("TU"),
        ));
        input["citizen"] = citizen;
        json!({ "query": query, "variables": { "input": input } }).to_string()
    };
    let document = |query: &str| json!({ "query": query }).to_string();
    vec![
        document(&with(&format!("phone: \"{phone}\", name: \"{name}\""))),
        document(&with(&format!("phone: {phone}"))),
        document(&with(&format!("cpr: \"{name}\""))),
        document(&with(&format!("name: \"{name}"))),
        document(&format!(
            "mutation {{ checkVisitArrangement(\"{street}\") }}"
        )),
        variables(json!({ "phone": phone.parse::<u64>().unwrap() })),
        variables(json!({ "cpr": name })),
        variables(json!(street)),
        variables(json!([{ "name": name }])),
        variables(json!({ "name": name })).replace("}}", "}"),
    ]
}

both_databases! {
    async fn a_marked_identity_is_nowhere(record: &TestRecord) {
        log::keep();
        let server = TestServer::open(record).await;
        let town = town(&server).await;
        let Town { kors, karen, sagen, soren, new, nora, helle, mads } = &town;
        let mut heard = Vec::new();
        for who in [soren, helle, mads] {
            for subscription in ["overlapFlagged", "overlapUpdated"] {
                let query = format!("subscription {{ {subscription} {{ id sentence history {{ comment }} reasons {{ sentence }}
                    sides {{ organization {{ name }} town {{ name }} theme {{ code }} arrangement {{ label note }} }} }} }}");
                heard.push(Listener::new(&server, who, &query, json!({})).await);
            }
        }
        let (mut marked, mut heaps) = (Vec::new(), Vec::new());
        let mut fresh = || {
            let one = Marked::fresh();
            marked.push(one.clone());
            one
        };

        // The good ones: registered twice, checked, changed, and sent again.
        let both = fresh();
        let input = marked_visits(*kors, &both);
        let mut keyed = input.clone();
        keyed["idempotencyKey"] = json!("besoeg-0001");
        keyed["note"] = json!("Kaffen står klar");
        let mine = register(&server, karen, keyed.clone()).await["arrangement"].clone();
        assert_eq!(mine["label"], json!(both.label), "its own organization reads the label");
        assert_eq!(register(&server, karen, keyed).await["arrangement"]["id"], mine["id"]);
        let mut theirs = marked_visits(*sagen, &both);
        theirs["label"] = json!("Sag 7");
        let theirs = register(&server, soren, theirs).await;
        assert_eq!(theirs["overlaps"].as_array().unwrap().len(), 1, "{theirs}");
        heaps.extend(record_now(record, "before the jobs").await);
        server.run_jobs().await;
        let checked = server.data(karen, CHECK, json!({ "input": draft_of(input) })).await;
        assert_eq!(checked["checkVisitArrangement"]["check"]["isClose"], true);
        let (other, again) = (fresh(), fresh());
        let change = json!({ "id": mine["id"], "version": 1, "citizen": other.citizen(), "label": other.label,
            "citizenAgrees": true });
        server.did(karen, UPDATE, json!({ "input": change })).await;
        let change = json!({ "id": mine["id"], "version": 2, "citizen": both.citizen(), "label": again.label,
            "citizenAgrees": true });
        server.did(karen, UPDATE, json!({ "input": change })).await;

        // The bad ones, each through every mutation that takes it. What is wrong is said without it;
        // only of a code that nobody knows its sender hears which it was.
        let is_a_code = |what: &str| what.ends_with("as the theme") || what.ends_with("as the postcode") || what.ends_with("rule");
        let mut version = 3;
        for (what, spoil) in SPOILED {
            let one = fresh();
            let mut input = marked_visits(*kors, &one);
            spoil(&mut input, &one);
            let errors = server.refused(karen, REGISTER, json!({ "input": input })).await;
            let mut told = vec![json!(errors)];
            told.push(server.ask(karen, CHECK, json!({ "input": draft_of(input.clone()) })).await);
            let mut change = input;
            change.as_object_mut().unwrap().retain(|field, _| field != "organization" && field != "idempotencyKey");
            for (id, seen) in [(mine["id"].clone(), version), (mine["id"].clone(), 99), (json!(absent_id(b'V')), 1)] {
                change["id"] = id;
                change["version"] = json!(seen);
                let payload = server.data(karen, UPDATE, json!({ "input": change })).await["updateVisitArrangement"].clone();
                told.push(payload["userErrors"].clone());
                if payload["userErrors"] == json!([]) {
                    // What is wrong with a key, nobody minds here.
                    assert!(what.contains("key"), "{what}");
                    version += 1;
                }
            }
            if !is_a_code(what) {
                heaps.extend(told.iter().map(|told| Heap::new(what, told.to_string())));
            }
        }
        for (who, organization) in [(soren, kors), (mads, kors), (nora, new), (helle, kors), (&User::anonymous(), kors)] {
            let one = fresh();
            for (mutation, input) in [(REGISTER, marked_visits(*organization, &one)), (CHECK, draft_of(marked_visits(*organization, &one)))] {
                let answer = server.ask(who, mutation, json!({ "input": input })).await;
                heaps.push(Heap::new("a refusal", answer.to_string()));
            }
            let change = json!({ "id": mine["id"], "version": version, "citizen": one.citizen(), "label": one.label, "citizenAgrees": true });
            let answer = server.ask(who, UPDATE, json!({ "input": change })).await;
            if who.person != karen.person {
                assert!(!answer.to_string().contains("\"userErrors\":[]"), "{answer}");
            }
            heaps.push(Heap::new("a refused change", answer.to_string()));
        }
        let one = fresh();
        for body in malformed(&organization_id(*kors), &one) {
            for who in [karen, &User::anonymous()] {
                let answer = server.post(who, body.clone()).await;
                heaps.push(Heap::new(format!("the answer to {body}"), answer.text));
            }
        }
        heaps.extend(record_now(record, "before the last jobs").await);
        server.run_jobs().await;
        heaps.extend(record_now(record, "after the last jobs").await);

        // Everybody else asks for everything.
        let rows = heaps.iter().rfind(|heap| heap.what.starts_with("the rows")).unwrap();
        for there in ["Kaffen står klar", "besoeg-0001", "citizen_token:", "same_citizen", "check_budget:"] {
            assert!(rows.text.contains(there), "the rows are all there, and {there} among them");
        }
        let everything = json!({ "statuses": ["OPEN", "COORDINATED", "DISMISSED", "ENDED"] });
        let flags = "query($filter: OverlapFilter) { overlaps(filter: $filter) { edges { node { id } } } }";
        let flags = server.data(helle, flags, json!({ "filter": everything })).await;
        let mut ids = vec![text(&mine["id"]), organization_id(*kors)];
        ids.extend(flags["overlaps"]["edges"].as_array().unwrap().iter().map(|edge| text(&edge["node"]["id"])));
        assert_eq!(ids.len(), 3);
        let known = Known { ids, organization: organization_id(*kors), name: "Røde Kors".into() };
        for who in [soren, mads, nora, helle, &User::anonymous()] {
            for (query, answer) in walk::everything(&server, who, &known).await {
                heaps.push(Heap::new(query, answer));
            }
        }
        for listener in &mut heard {
            while let Some(event) = listener.text_within(Duration::from_millis(50)).await {
                heaps.push(Heap::new("an event", event));
            }
        }
        assert!(heaps.iter().any(|heap| heap.what == "an event"), "somebody has heard of it");
        let kept = log::kept();
        assert!(kept.contains("answered"), "the log is kept");
        heaps.push(Heap::new("the log", kept));
        let searched = Searched::of(&marked);
        for heap in &heaps {
            heap.assert_blind(&searched);
        }
        server.end().await;
    }

    async fn free_text_that_names_the_citizen_of_the_request_is_refused(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, .. } = town(&server).await;
        let citizen = json!({ "phone": "23 45 67 89", "birthDate": "12-03-1941", "name": "Åse Ravn-Møller",
            "address": "Sct. Mogens Gade 12, 1. th" });
        let notes = [
            "Ring 23456789", "Ring 2345 6789", "Ring +45 23.45.67.89", "Ring ２３４５６７８９", "Ring ٢٣٤٥٦٧٨٩",
            "Ring 23\u{200b}45\u{200b}67\u{200b}89", "Ring 2 3 4 5 6 7 8 9", "234-567-89", "nr. 004523456789",
            "Født 12. marts 1941", "Født 12/3 1941", "Født 1941-03-12", "Født 12.03.1941", "Født 12.3.41", "f. 120341",
            "Åse Ravn-Møller tager imod", "ravn møller, åse", "AASE RAVN MOELLER", "Åse  Ravn\u{a0}Møller",
            "A\u{30a}se Ravn-Møller", "Åse\u{200d} Ravn‑Møller", "ÅSE RAVN-MØLLER",
            "Bor Sct. Mogens Gade 12", "sankt mogens gade 12", "SCT MOGENS GADE 12", "Sct. Mogens\nGade 12, 1. th",
            "CPR 120341-1234", "cpr 1203411234", "120341 - 1234",
        ];
        let mine = register(&server, &karen, visits(kors, elna(), on("TU"))).await["arrangement"].clone();
        let mut accepted = Vec::new();
        for note in notes {
            let mut input = visits(kors, citizen.clone(), on("TU"));
            input["note"] = json!(note);
            let change = json!({ "id": mine["id"], "version": 1, "citizen": citizen, "note": note, "citizenAgrees": true });
            for (mutation, input) in [(REGISTER, input), (UPDATE, change)] {
                let data = server.data(&karen, mutation, json!({ "input": input })).await;
                let payload = data.as_object().unwrap().values().next().unwrap();
                let told: Vec<String> = payload["userErrors"].as_array().unwrap().iter().map(reason).collect();
                if !told.iter().any(|told| told.ends_with(" note")) {
                    accepted.push((note, told));
                }
            }
        }
        assert_eq!(accepted, [], "each of these tells who it is");
        server.run_jobs().await;
        server.end().await;
    }

    async fn what_the_house_says_tells_of_no_citizen(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle, .. } = town(&server).await;
        register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        register(&server, &soren, visits(sagen, elna(), on("TU"))).await;
        let flags = server.data(&helle, "{ overlaps { edges { node { id } } } }", json!({})).await;
        let flag = flags["overlaps"]["edges"][0]["node"]["id"].clone();
        let org = organization_id(kors);
        for said in ["Ring til hende på 23 45 67 89", "Hendes cpr er 120341-1234", "١٢٠٣٤١-١٢٣٤", "+45 ٢٣ ٤٥ ٦٧ ٨٩"] {
            for (mutation, field, input) in [
                (DISMISS, "comment", json!({ "id": flag, "comment": said })),
                (COORDINATE, "note", json!({ "id": flag, "note": said })),
                (SUSPEND, "reason", json!({ "id": org, "version": 1, "reason": said })),
            ] {
                let refused = server.refusal(&helle, mutation, json!({ "input": input })).await;
                let accepted = [format!("TELLS_OF_CITIZEN {field}"), format!("CPR_LIKE {field}")];
                assert!(accepted.contains(&refused), "{said}: {refused}");
            }
        }
        let rows = record.rows().await.join("\n");
        assert!(!rows.contains("23 45 67 89") && !rows.contains("120341"));
        server.run_jobs().await;
        server.end().await;
    }
}

#[test]
fn a_value_on_its_way_shows_itself_to_nobody() {
    let one = Marked::fresh();
    let citizen = CitizenDraft {
        phone: Some(one.phone.clone()),
        birth_date: Some(one.birth.format("%d-%m-%Y").to_string()),
        name: Some(one.name()),
        address: Some(one.address()),
    };
    let postcode = PostalCode::parse("8800").unwrap();
    let today = fixtures::now().date_naive();
    let identity = Identity::parse(&citizen, postcode, today).unwrap();
    let broken = CitizenDraft {
        phone: Some(format!("{}x", one.phone)),
        birth_date: Some(format!("31-11-1931 {}", one.surname)),
        name: Some(format!("{}\u{7}", one.name())),
        address: Some(one.address().repeat(20)),
    };
    let problems = Identity::parse(&broken, postcode, today).unwrap_err();
    assert_eq!(problems.len(), 4);
    let draft = ArrangementDraft {
        organization: fixtures::id(),
        citizen: citizen.clone(),
        plan: faelled_engine::visit::PlanDraft::default(),
    };
    let label = Label::parse(&one.label).unwrap();
    let shown = [
        format!("{citizen:?} {citizen:#?} {broken:?}"),
        format!("{identity:?} {identity:#?}"),
        format!("{problems:?}"),
        format!("{label:?}"),
        format!("{draft:?}"),
    ];
    let searched = Searched::of(&[one]);
    for shown in shown {
        Heap::new("a debug text", shown).assert_blind(&searched);
    }
}

#[test]
fn what_is_marked_is_found_in_every_spelling() {
    let one = Marked::fresh();
    let searched = Searched::of(std::slice::from_ref(&one));
    let bytes = format!("x{}", one.name()).into_bytes();
    let hex = hex::encode(&bytes);
    let hash = Sha256::digest(format!("+45{}", one.phone).as_bytes());
    for kept in [
        one.name().to_uppercase(),
        format!("tlf. {}.", one.phone),
        format!("+{}", one.grouped_phone()),
        hex.to_uppercase(),
        base64(&bytes),
        base64(&bytes[1..]),
        base64(&hash),
        one.birth.to_string(),
    ] {
        let heap = Heap::new("a test", kept.clone());
        let found = std::panic::catch_unwind(|| heap.assert_blind(&searched));
        assert!(found.is_err(), "{kept}");
    }
}
