//! Bad input: every problem is named at once, in the reader's language, and nothing changes.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use faelled_engine::organization::Role;
use faelled_tests::{
    TestServer, User, both_databases,
    server::{organization_id, reason, text},
};
use serde_json::{Value, json};

use crate::words::{COPY, POST, PROPOSE, REGISTER, UPDATE, decide, draft, post};

/// Drafts with something wrong, and what is wrong with them, as fields of the draft.
#[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
fn bad_drafts() -> Vec<(Value, Vec<&'static str>)> {
    let weekly = |changes: Value| {
        let mut rule = json!({ "start": "2026-03-03T14:00", "duration": "PT2H",
            "rule": "FREQ=WEEKLY;BYDAY=TU" });
        rule.as_object_mut()
            .unwrap()
            .extend(serde_json::from_value::<serde_json::Map<_, _>>(changes).unwrap());
        json!({ "schedule": { "recurrences": [rule] } })
    };
    let once = |start: &str, end: &str| json!({ "schedule": { "oneOffs": [{ "start": start, "end": end }] } });
    let days = |count: i64| -> Vec<String> {
        let first = chrono::NaiveDate::from_ymd_opt(2026, 3, 3).unwrap();
        (0..count)
            .map(|day| (first + TimeDelta::days(day)).to_string())
            .collect()
    };
    let place = |place: Value| json!({ "place": place });
    vec![
        (
            json!({ "title": "x".repeat(10_000) }),
            vec!["TOO_LONG title"],
        ),
        (
            json!({ "title": "\u{7}\u{7}\u{7}\u{7}" }),
            vec!["CONTROL_CHARACTERS title"],
        ),
        (
            json!({ "title": "vend\u{202E}mig" }),
            vec!["CONTROL_CHARACTERS title"],
        ),
        (json!({ "title": "      " }), vec!["BLANK title"]),
        (json!({ "title": "" }), vec!["BLANK title"]),
        (json!({ "title": "ab" }), vec!["TOO_SHORT title"]),
        (json!({ "task": "x".repeat(301) }), vec!["TOO_LONG task"]),
        (
            json!({ "description": "x".repeat(5_001) }),
            vec!["TOO_LONG description"],
        ),
        (json!({ "themes": ["astrology"] }), vec!["UNKNOWN themes.0"]),
        (
            json!({ "themes": ["sport", "sport"] }),
            vec!["REPEATED themes.1"],
        ),
        (
            json!({ "themes": ["sport", "football", "handball", "swimming", "learning", "mentoring"] }),
            vec!["TOO_MANY themes"],
        ),
        (json!({ "themes": [] }), vec!["BLANK themes"]),
        (
            json!({ "targetGroups": ["vampires"] }),
            vec!["UNKNOWN targetGroups.0"],
        ),
        (
            json!({ "languages": ["da", "klingon"] }),
            vec!["UNKNOWN languages.1"],
        ),
        (
            place(json!({ "postalCode": "0001" })),
            vec!["UNKNOWN place.postalCode"],
        ),
        (
            place(json!({ "postalCode": "Viborg" })),
            vec!["MALFORMED place.postalCode"],
        ),
        (
            place(
                json!({ "postalCode": "8800", "point": { "latitude": 48.1, "longitude": 11.5 } }),
            ),
            vec!["OUTSIDE_DENMARK place.point"],
        ),
        (
            place(json!({ "postalCode": "8800", "point": { "latitude": 9.4, "longitude": 56.4 } })),
            vec!["OUTSIDE_DENMARK place.point"],
        ),
        (
            place(
                json!({ "postalCode": "8800", "name": "x".repeat(121), "address": "x".repeat(201) }),
            ),
            vec!["TOO_LONG place.name", "TOO_LONG place.address"],
        ),
        (json!({ "reachKm": -1 }), vec!["OUT_OF_RANGE reachKm"]),
        (json!({ "reachKm": 5_000 }), vec!["OUT_OF_RANGE reachKm"]),
        (json!({ "capacity": -1 }), vec!["OUT_OF_RANGE capacity"]),
        (json!({ "capacity": 0 }), vec!["OUT_OF_RANGE capacity"]),
        (json!({ "capacity": 10_001 }), vec!["OUT_OF_RANGE capacity"]),
        (
            json!({ "effortMinutes": 4 }),
            vec!["OUT_OF_RANGE effortMinutes"],
        ),
        (
            json!({ "effortMinutes": 10_081 }),
            vec!["OUT_OF_RANGE effortMinutes"],
        ),
        (
            json!({ "requirements": { "minimumAge": 0 }, "declarations": { "minimumAge": 100 } }),
            vec![
                "OUT_OF_RANGE requirements.minimumAge",
                "OUT_OF_RANGE declarations.minimumAge",
            ],
        ),
        (
            once("2026-03-10T12:00", "2026-03-10T10:00"),
            vec!["END_BEFORE_START schedule.oneOffs.0.end"],
        ),
        (
            once("i morgen", "2026-03-10T10:00"),
            vec!["MALFORMED schedule.oneOffs.0.start"],
        ),
        (
            once("2026-03-10T12:00", "2027-06-10T10:00"),
            vec!["OUT_OF_RANGE schedule.oneOffs.0.end"],
        ),
        (
            once("2026-02-10T10:00", "2026-02-10T12:00"),
            vec!["ALREADY_OVER schedule"],
        ),
        (
            weekly(json!({ "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" })),
            vec!["NEVER_OCCURS schedule.recurrences.0.rule"],
        ),
        (
            weekly(json!({ "rule": "FREQ=MINUTELY" })),
            vec!["TOO_FREQUENT schedule.recurrences.0.rule"],
        ),
        (
            weekly(json!({ "rule": "hver tirsdag" })),
            vec!["MALFORMED schedule.recurrences.0.rule"],
        ),
        (
            weekly(json!({ "duration": "to timer" })),
            vec!["MALFORMED schedule.recurrences.0.duration"],
        ),
        (
            weekly(json!({ "duration": "P32D" })),
            vec!["OUT_OF_RANGE schedule.recurrences.0.duration"],
        ),
        (
            weekly(json!({ "exceptions": days(1_001) })),
            vec!["TOO_MANY schedule.recurrences.0.exceptions"],
        ),
        (
            weekly(json!({ "exceptions": ["2026-03-10", "jul"] })),
            vec!["MALFORMED schedule.recurrences.0.exceptions.1"],
        ),
        (
            weekly(
                json!({ "rule": "FREQ=WEEKLY;COUNT=2", "exceptions": ["2026-03-03", "2026-03-10"] }),
            ),
            vec!["NEVER_OCCURS schedule.recurrences.0.rule"],
        ),
        (
            json!({ "schedule": { "oneOffs": vec![json!({ "start": "2026-03-10T10:00", "end": "2026-03-10T12:00" }); 21] } }),
            vec!["TOO_MANY schedule.recurrences"],
        ),
        (
            json!({ "expiresAt": "2026-03-01T00:00:00Z" }),
            vec!["ALREADY_OVER expiresAt"],
        ),
        // Everything at once.
        (
            json!({
                "title": " ", "task": "x".repeat(301), "themes": ["astrology", "sport", "sport"],
                "targetGroups": ["vampires"], "languages": ["xx"], "reachKm": -1, "capacity": -1,
                "effortMinutes": 1, "requirements": { "minimumAge": 200 },
                "place": { "postalCode": "0001", "point": { "latitude": 0, "longitude": 0 } },
                "schedule": {
                    "oneOffs": [{ "start": "2026-03-10T12:00", "end": "2026-03-10T12:00" }],
                    "recurrences": [{ "start": "x", "duration": "x", "rule": "x", "exceptions": ["x"] }],
                },
            }),
            vec![
                "BLANK title",
                "TOO_LONG task",
                "UNKNOWN themes.0",
                "REPEATED themes.2",
                "UNKNOWN targetGroups.0",
                "UNKNOWN languages.0",
                "OUT_OF_RANGE reachKm",
                "OUT_OF_RANGE capacity",
                "OUT_OF_RANGE effortMinutes",
                "OUT_OF_RANGE requirements.minimumAge",
                "UNKNOWN place.postalCode",
                "OUTSIDE_DENMARK place.point",
                "END_BEFORE_START schedule.oneOffs.0.end",
                "MALFORMED schedule.recurrences.0.start",
                "MALFORMED schedule.recurrences.0.duration",
                "MALFORMED schedule.recurrences.0.rule",
                "MALFORMED schedule.recurrences.0.exceptions.0",
            ],
        ),
        // What can only be judged in time stands beside what can be judged anywhere.
        (
            json!({ "title": " ", "schedule": { "oneOffs": [{ "start": "2026-02-10T10:00", "end": "2026-02-10T12:00" }] },
            "expiresAt": "2020-01-01T00:00:00Z" }),
            vec![
                "BLANK title",
                "ALREADY_OVER schedule",
                "ALREADY_OVER expiresAt",
            ],
        ),
    ]
}

const PREVIEW: &str = "query($input: PreviewListingInput!) { previewListing(input: $input) {
    suggestedMatches { score } similarListings { similarity } userErrors { code field message } } }";

/// Everything that anybody could see of a listing, and how much there is of anything.
async fn all_there_is(server: &TestServer, who: &User) -> Value {
    let query = "{ viewer { listings { totalCount edges { node {
            version updatedAt assuredAt title task description themes { code } capacity reachKm
            schedule { oneOffs { start } recurrences { rule } } place { postalCode address } } } }
            matches { totalCount } notices { totalCount } memberships { role } }
        listings { totalCount nodes { id version } } organizations { totalCount } }";
    let seen = server.data(who, query, json!({})).await;
    let counts = format!("{:?}", server.counts().await);
    json!({ "seen": seen, "counts": counts })
}

fn reasons(errors: &[Value], within: &str) -> BTreeSet<String> {
    let inside = |error: &Value| reason(error).replacen(&format!(" {within}"), " ", 1);
    errors.iter().map(inside).collect()
}

/// Both languages say something, and not the same; codes and fields never differ.
fn check_languages(danish: &[Value], english: &[Value]) {
    assert_eq!(danish.len(), english.len());
    for (da, en) in danish.iter().zip(english) {
        assert_eq!((&da["code"], &da["field"]), (&en["code"], &en["field"]));
        let (da, en) = (text(&da["message"]), text(&en["message"]));
        assert!(da.len() > 5 && en.len() > 5 && da != en, "{da} / {en}");
        assert!(
            da.len() < 400,
            "a message does not repeat a whole text: {da}"
        );
    }
}

both_databases! {
    async fn a_bad_draft_is_refused_for_everything_that_is_wrong(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let id = post(&server, &anna, draft(json!({}))).await;
        server.run_jobs().await;
        let before = all_there_is(&server, &anna).await;
        for (changes, expected) in bad_drafts() {
            let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
            let whole = json!({ "draft": draft(changes.clone()) });
            let update = json!({ "id": id, "version": 1, "changes": changes });
            let copy = json!({ "id": id, "changes": changes });
            let ways = [(POST, whole.clone(), "draft."), (PREVIEW, whole, "draft."),
                (UPDATE, update, "changes."), (COPY, copy, "changes.")];
            for (mutation, input, within) in ways {
                let input = json!({ "input": input });
                let danish = server.refused(&anna, mutation, input.clone()).await;
                assert_eq!(reasons(&danish, within), expected, "{changes}");
                let english = server.refused(&anna.in_english(), mutation, input).await;
                check_languages(&danish, &english);
            }
        }
        assert_eq!(all_there_is(&server, &anna).await, before, "nothing has changed");
        assert_eq!(server.run_jobs().await, 0);
        server.end().await;
    }

    async fn a_bad_filter_is_refused_for_everything_that_is_wrong(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let near = |near: Value| json!({ "near": near });
        let cases = [
            (near(json!({ "postalCode": "0001", "radiusKm": 5 })), vec!["UNKNOWN near.postalCode"]),
            (near(json!({ "point": { "latitude": 0, "longitude": 0 }, "radiusKm": 5 })),
                vec!["OUTSIDE_DENMARK near.point"]),
            (near(json!({ "postalCode": "8800", "radiusKm": 0 })), vec!["OUT_OF_RANGE near.radiusKm"]),
            (near(json!({ "postalCode": "8800", "radiusKm": 5_000 })), vec!["OUT_OF_RANGE near.radiusKm"]),
            (near(json!({ "radiusKm": 5 })), vec!["EXACTLY_ONE_OF near.point"]),
            (near(json!({ "postalCode": "8800", "point": { "latitude": 56, "longitude": 9 }, "radiusKm": 5 })),
                vec!["EXACTLY_ONE_OF near.point"]),
            (json!({ "themes": ["astrology"], "targetGroups": ["vampires"], "languages": ["xx"] }),
                vec!["UNKNOWN themes.0", "UNKNOWN targetGroups.0", "UNKNOWN languages.0"]),
            (json!({ "dates": { "from": "2026-03-10", "to": "2026-03-09" } }), vec!["END_BEFORE_START dates.to"]),
            (json!({ "dates": { "from": "2026-03-10", "to": "2028-03-09" } }), vec!["OUT_OF_RANGE dates.to"]),
            (json!({ "freeTimes": [{ "weekday": "MONDAY", "from": "25:00", "to": "9" }] }),
                vec!["MALFORMED freeTimes.0.from", "MALFORMED freeTimes.0.to"]),
            (json!({ "freeTimes": [{ "weekday": "MONDAY", "from": "12:00", "to": "10:00" }] }),
                vec!["END_BEFORE_START freeTimes.0.to"]),
            (json!({ "text": "x".repeat(201) }), vec!["TOO_LONG text"]),
            (json!({ "organizations": vec!["x"; 51] }), vec!["TOO_MANY organizations"]),
        ];
        let query = "query($filter: ListingFilter) { listings(filter: $filter) { totalCount } }";
        for (filter, expected) in cases {
            let mut told = Vec::new();
            for who in [User::anonymous(), User::anonymous().in_english()] {
                let answer = server.ask(&who, query, json!({ "filter": filter })).await;
                let extensions = &answer["errors"][0]["extensions"];
                assert_eq!(extensions["code"], "BAD_USER_INPUT", "{filter} {answer}");
                assert_eq!(answer["data"], Value::Null);
                let problems = extensions["problems"].as_array().unwrap().clone();
                let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
                assert_eq!(reasons(&problems, "filter."), expected, "{filter}");
                told.push(problems);
            }
            check_languages(&told[0], &told[1]);
        }
        server.end().await;
    }

    async fn a_bad_organization_is_refused_for_everything_that_is_wrong(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let before = all_there_is(&server, &anna).await;
        let input = json!({ "input": {
            "name": " ", "kind": "ASSOCIATION", "cvr": "123", "email": "ikke en adresse", "phone": "ring",
            "website": "javascript:alert(1)", "postalCode": "0001", "description": "x".repeat(2_001),
            "parent": "findes ikke", "idempotencyKey": "æ",
        } });
        let danish = server.refused(&anna, REGISTER, input.clone()).await;
        let expected = ["BLANK name", "MALFORMED cvr", "MALFORMED email", "MALFORMED phone",
            "MALFORMED website", "UNKNOWN postalCode", "TOO_LONG description", "NOT_FOUND parent",
            "MALFORMED idempotencyKey"];
        assert_eq!(reasons(&danish, ""), expected.into_iter().map(str::to_owned).collect());
        check_languages(&danish, &server.refused(&anna.in_english(), REGISTER, input).await);
        assert_eq!(all_there_is(&server, &anna).await, before);
        server.end().await;
    }

    async fn a_bad_proposal_or_decision_changes_nothing(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let home = server.association("Klosterhaven").await;
        let karen = server.someone("Karen", home, Role::Coordinator).await;
        let id = post(&server, &anna, draft(json!({}))).await;
        server.run_jobs().await;
        let before = all_there_is(&server, &anna).await;
        let proposal = json!({ "input": { "listing": "x", "onBehalfOf": "y", "message": "x".repeat(1_001),
            "idempotencyKey": "" } });
        let danish = server.refused(&karen, PROPOSE, proposal.clone()).await;
        let expected = ["NOT_FOUND listing", "NOT_FOUND onBehalfOf", "TOO_LONG message",
            "MALFORMED idempotencyKey"];
        assert_eq!(reasons(&danish, ""), expected.into_iter().map(str::to_owned).collect());
        check_languages(&danish, &server.refused(&karen.in_english(), PROPOSE, proposal).await);
        for version in [0, 2, -1, i32::MAX] {
            let input = json!({ "input": { "id": id, "version": version } });
            for verb in ["pause", "close", "withdraw", "confirm"] {
                let stale = server.refusal(&anna, &decide(verb), input.clone()).await;
                assert_eq!(stale, "STALE_VERSION version");
            }
            let input = json!({ "input": { "id": id, "version": version, "changes": { "title": "Andet" } } });
            let stale = server.refused(&anna.in_english(), UPDATE, input).await;
            assert_eq!(stale[0]["code"], "STALE_VERSION");
            assert!(text(&stale[0]["message"]).contains('1'), "it says which version there is: {stale:?}");
        }
        let bad_keys = ["", "to ord", "æøå", &"k".repeat(129)];
        for key in bad_keys {
            let input = json!({ "input": { "draft": draft(json!({ "title": "" })), "idempotencyKey": key,
                "organization": organization_id(home) } });
            let errors = server.refused(&anna, POST, input).await;
            let expected = ["MALFORMED idempotencyKey", "BLANK draft.title", "NOT_FOUND organization"];
            assert_eq!(reasons(&errors, ""), expected.into_iter().map(str::to_owned).collect(), "{key}");
        }
        assert_eq!(all_there_is(&server, &anna).await, before);
        server.end().await;
    }

    async fn a_request_that_cannot_be_read_is_an_error_with_a_code(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let short = server.token(anna.id(), Some(TimeDelta::hours(1))).await;
        let anyone = User::anonymous();
        let code = async |server: &TestServer, who: &User, body: String| {
            let answer = server.post(who, body).await;
            assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
            assert!(answer.body.get("data").is_none(), "{}", answer.text);
            (answer.status.as_u16(), text(&answer.body["errors"][0]["extensions"]["code"]))
        };
        let nan = |number: &str| format!(
            r#"{{ "query": "query($f: ListingFilter) {{ listings(filter: $f) {{ totalCount }} }}", "variables":
                {{ "f": {{ "near": {{ "radiusKm": 5, "point": {{ "latitude": {number}, "longitude": 9 }} }} }} }} }}"#);
        let cases = [
            (nan("NaN"), 400, "BAD_REQUEST"),
            (nan("1e999"), 400, "BAD_REQUEST"),
            (nan("\"NaN\""), 400, "GRAPHQL_VALIDATION_FAILED"),
            (nan("null"), 400, "GRAPHQL_VALIDATION_FAILED"),
            (r#"{ "query": "{ listings(first: 1.5) { totalCount } }" }"#.into(), 400, "GRAPHQL_VALIDATION_FAILED"),
            (r#"{ "query": "{ listings(orderBy: SIDEWAYS) { totalCount } }" }"#.into(), 400, "GRAPHQL_VALIDATION_FAILED"),
            (r#"{ "query": "{ secrets }" }"#.into(), 400, "GRAPHQL_VALIDATION_FAILED"),
            (r#"{ "query": "{ " }"#.into(), 400, "GRAPHQL_PARSE_FAILED"),
            ("[]".into(), 400, "BAD_REQUEST"),
            ("{}".into(), 400, "BAD_REQUEST"),
            (format!(r#"{{ "query": "{{ themes {{ code }} }}", "x": "{}" }}"#, "x".repeat(10 << 20)), 413, "PAYLOAD_TOO_LARGE"),
        ];
        for (body, status, expected) in cases {
            let start: String = body.chars().take(120).collect();
            assert_eq!(code(&server, &anyone, body).await, (status, expected.to_owned()), "{start}");
        }
        let asks = json!({ "query": "{ viewer { person { firstName } } }" }).to_string();
        let mut bad_tokens = vec!["faelled_unknown".to_owned(), "x".repeat(600)];
        server.wait(TimeDelta::hours(1)).await;
        bad_tokens.push(short);
        for token in bad_tokens {
            let refused = code(&server, &User::with_token(&token), asks.clone()).await;
            assert_eq!(refused, (401, "UNAUTHENTICATED".to_owned()));
        }
        let viewer = server.data(&anna, "{ viewer { person { firstName } } }", json!({})).await;
        assert_eq!(viewer["viewer"]["person"]["firstName"], "Anna");
        server.end().await;
    }
}
