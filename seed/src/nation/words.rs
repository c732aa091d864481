//! What a generated nation says: plain Danish from a few sentences, clearly made by a machine.

use faelled_engine::{listing::ListingKind, organization::OrganizationKind};

use super::draw::Draw;

/// What a text is about.
pub(super) struct About<'a> {
    pub(super) kind: ListingKind,
    pub(super) private: bool,
    /// `i Viborg`, or where else.
    pub(super) at: &'a str,
    /// The theme's Danish label.
    pub(super) label: &'a str,
}

const NEED_TITLES: &[&str] = &[
    "{Label}: frivillig søges {at}",
    "{Vi} mangler en frivillig til {label} {at}",
    "{Vi} søger hjælp til {label} {at}",
    "{Label} {at} søger flere hænder",
    "Kan du hjælpe med {label} {at}?",
    "Har du tid? {Label} {at}",
];
const OFFER_TITLES: &[&str] = &[
    "{Label} {at}",
    "{Vi} tilbyder {label} {at}",
    "Frivillig til {label} {at}",
    "{Label} for alle {at}",
    "Kom og vær med: {label} {at}",
    "{Vi} hjælper gerne med {label} {at}",
];
const WISH_TITLES: &[&str] = &[
    "Ønske: {label} {at}",
    "Gid der var {label} {at}",
    "{Vi} drømmer om {label} {at}",
    "Hvem vil være med til {label} {at}?",
];
const NEED_TASKS: &[&str] = &[
    "En frivillig til {label} et par timer ad gangen.",
    "Hjælp til {label}, også fra begyndere.",
    "En fast hånd til {label}.",
    "At være med til {label} og tage godt imod.",
    "Nogen, der vil stå for {label} sammen med andre.",
];
const OFFER_TASKS: &[&str] = &[
    "{Vi} kommer gerne og hjælper med {label}.",
    "Et par timer med {label} ad gangen.",
    "{Label} i roligt tempo.",
    "{Label} for begyndere og øvede.",
    "Du kan få hjælp til {label}.",
];
const WISH_TASKS: &[&str] = &[
    "Nogen, der vil være med til at starte {label}.",
    "Et sted med {label}, hvor alle kan komme.",
    "{Label}, som man kan gå hen til.",
];
const SENTENCES: &[&str] = &[
    "Vi mødes {sted}.",
    "Vi mødes {sted} og begynder med {ekstra}.",
    "Vi slutter altid med {ekstra}.",
    "Der er {ekstra} til alle.",
    "Det passer godt til {hvem}.",
    "Det er især for {hvem}.",
    "Du behøver ikke at kunne noget særligt, kun at have lyst.",
    "Vi er en lille gruppe, og der er plads til flere.",
    "Du får en god introduktion og en fast kontaktperson.",
    "Vi aftaler tid og sted sammen.",
    "Bussen holder lige ved døren, og man kan parkere gratis.",
    "Vi hjælper hinanden og har det sjovt.",
    "Tag gerne en ven eller en nabo med.",
    "Ring eller skriv, hvis du vil høre mere.",
    "Vi mangler mest nogen om eftermiddagen.",
    "Vi mangler mest nogen om aftenen.",
    "Man kan begynde når som helst.",
    "Der er altid en erfaren frivillig til stede.",
    "Det koster ikke noget at være med.",
    "Tag praktisk tøj og gode sko på.",
    "Vi har været i gang i mange år.",
    "Det er nyt, og vi glæder os til at komme i gang.",
    "Efter nogle uger taler vi om, hvordan det går.",
    "Er du syg, finder vi en anden.",
    "Nogle kommer hver gang, andre en gang om måneden.",
    "Kørsel kan dækkes efter aftale.",
];
const PLACES: &[&str] = &[
    "på biblioteket",
    "i kulturhuset",
    "i sognegården",
    "i klubhuset",
    "på skolen",
    "i forsamlingshuset",
    "på aktivitetscentret",
    "ved havnen",
    "i parken",
    "i hallen",
];
const PEOPLE: &[&str] = &[
    "ældre, der bor alene",
    "unge, der er nye i byen",
    "familier med små børn",
    "voksne i alle aldre",
    "nye borgere",
    "mænd over tres",
    "enlige forældre",
    "studerende",
    "pensionister",
    "alle, der har lyst",
];
const TREATS: &[&str] = &[
    "kaffe og kage",
    "en sang",
    "en kop te",
    "suppe og brød",
    "en gåtur",
    "frugt og vand",
    "et spil kort",
    "fælles oprydning",
];
/// The last sentence of every text, so that nobody takes it for real.
const GENERATED: &str = "Genereret opslag.";

const NAMES: &[&str] = &[
    "Lyspunktet",
    "Sammen",
    "Naboskabet",
    "Broen",
    "Fyrtårnet",
    "Samlingspunktet",
    "Livlinen",
    "Kompasset",
    "Pusterummet",
    "Medborgerne",
];
const DEPARTMENTS: &[&str] = &[
    "Sundhed og Omsorg",
    "Kultur og Fritid",
    "Børn og Unge",
    "Bibliotekerne",
    "Jobcentret",
];

/// A heading of 3-120 characters.
pub(super) fn title(draw: &mut Draw, about: &About<'_>) -> String {
    let title = filled(
        draw.pick(by_kind(about.kind, NEED_TITLES, OFFER_TITLES, WISH_TITLES)),
        about,
    );
    if title.chars().count() <= 120 {
        title
    } else {
        title.chars().take(120).collect()
    }
}

/// The concrete task.
pub(super) fn task(draw: &mut Draw, about: &About<'_>) -> String {
    filled(
        draw.pick(by_kind(about.kind, NEED_TASKS, OFFER_TASKS, WISH_TASKS)),
        about,
    )
}

/// One to four sentences, each once.
pub(super) fn description(draw: &mut Draw) -> String {
    let mut told = Vec::new();
    for _ in 0..draw.weighted(&[(0, 10), (1, 30), (2, 40), (3, 20)]) {
        let nth = draw.index(SENTENCES.len());
        if !told.contains(&nth) {
            told.push(nth);
        }
    }
    let mut text = String::new();
    for nth in told {
        let sentence = SENTENCES[nth]
            .replace("{sted}", draw.pick(PLACES))
            .replace("{hvem}", draw.pick(PEOPLE))
            .replace("{ekstra}", draw.pick(TREATS));
        text += &sentence;
        text.push(' ');
    }
    text + GENERATED
}

/// A name for an organization that is not a branch.
pub(super) fn organization_name(
    draw: &mut Draw,
    kind: OrganizationKind,
    town: &str,
    municipality: &str,
    label: &str,
) -> String {
    match kind {
        OrganizationKind::PublicBody => {
            format!("{municipality} Kommune, {}", draw.pick(DEPARTMENTS))
        }
        OrganizationKind::VolunteerHouse => format!("Frivilligcenter {town}"),
        OrganizationKind::Association | OrganizationKind::Branch => {
            if draw.chance(0.5) {
                format!("{} {town}", draw.pick(NAMES))
            } else {
                format!("Foreningen {} i {town}", lowered(label))
            }
        }
    }
}

/// The name of an association with branches all over the country.
pub(super) fn national_name(label: &str) -> String {
    format!("Landsforeningen for {}", lowered(label))
}

const fn by_kind<'a>(
    kind: ListingKind,
    need: &'a [&'a str],
    offer: &'a [&'a str],
    wish: &'a [&'a str],
) -> &'a [&'a str] {
    match kind {
        ListingKind::Need => need,
        ListingKind::Offer => offer,
        ListingKind::Wish => wish,
    }
}

fn filled(template: &str, about: &About<'_>) -> String {
    let label = lowered(about.label);
    // What begins a sentence in the template begins it in the text; "Vi" stands in no other place.
    template
        .replace("{Label}", about.label)
        .replace("{label}", &label)
        .replace("{Vi}", if about.private { "Jeg" } else { "Vi" })
        .replace("{at}", about.at)
}

/// A label within a sentence: `IT-café` stays as it is.
fn lowered(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() && !label.starts_with("MitID") => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Source, Stream};
    use super::*;
    use faelled_engine::text::words;
    use std::collections::HashSet;

    #[test]
    fn descriptions_use_250_words_at_most() {
        let mut draw = Source::new(1).draw(Stream::Person, 0);
        let texts: Vec<String> = (0..5_000).map(|_| description(&mut draw)).collect();
        let said: HashSet<String> = texts.iter().flat_map(|text| words(text)).collect();
        assert!((100..=250).contains(&said.len()), "{}", said.len());
        assert!(
            texts
                .iter()
                .all(|text| text.ends_with(GENERATED) && !text.contains('{'))
        );
    }

    #[test]
    fn labels_stand_right_within_a_sentence() {
        assert_eq!(lowered("Ældre"), "ældre");
        assert_eq!(lowered("IT-café"), "IT-café");
        assert_eq!(lowered("MitID og digital post"), "MitID og digital post");
        let about = About {
            kind: ListingKind::Need,
            private: true,
            at: "i Viborg",
            label: "Madlavning",
        };
        assert_eq!(
            filled(NEED_TITLES[0], &about),
            "Madlavning: frivillig søges i Viborg"
        );
        assert_eq!(
            filled(NEED_TITLES[1], &about),
            "Jeg mangler en frivillig til madlavning i Viborg"
        );
    }
}
