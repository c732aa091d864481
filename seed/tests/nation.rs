//! The generated nation seen from outside: through files, and against the clock.

use std::time::Instant;

use chrono::NaiveDate;
use faelled_seed::{catalog, demo, nation::Nation};

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

#[test]
fn what_is_written_is_a_town_and_reads_the_same() {
    let catalog = catalog().unwrap();
    let nation = Nation::new(&catalog, 500, 7, TODAY).unwrap();
    let folder = tempfile::tempdir().unwrap();
    nation.write_csv(folder.path()).unwrap();
    let town = demo::town(folder.path(), &catalog).unwrap();
    assert!(nation.organizations().eq(town.organizations));
    for (made, read) in nation.listings().zip(&town.listings) {
        assert_eq!(made, *read);
        assert_eq!(made.person(), read.person());
    }
    assert_eq!(town.listings.len(), 500);

    let again = tempfile::tempdir().unwrap();
    nation.write_csv(again.path()).unwrap();
    for file in ["organizations.csv", "listings.csv"] {
        let bytes = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).unwrap();
        assert_eq!(bytes(&folder), bytes(&again));
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = demo::town(folder.path(), &catalog().unwrap())
        .unwrap_err()
        .to_string();
    assert!(error.contains("organizations.csv: "), "{error}");
}

/// `cargo test --release -p faelled-seed --test nation -- --ignored --nocapture`
#[test]
#[ignore = "measures; run it in release"]
fn a_million_drafts() {
    let start = Instant::now();
    let catalog = catalog().unwrap();
    let nation = Nation::new(&catalog, 1_000_000, 7, TODAY).unwrap();
    println!("a nation to draw from: {:.2?}", start.elapsed());
    let start = Instant::now();
    let letters: usize = nation.listings().map(|row| row.draft.title.len()).sum();
    println!(
        "1,000,000 drafts: {:.2?} ({letters} bytes of titles)",
        start.elapsed()
    );
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    nation.write_csv(folder.path()).unwrap();
    let bytes = std::fs::metadata(folder.path().join("listings.csv"))
        .unwrap()
        .len();
    println!("written as CSV: {:.2?} ({bytes} bytes)", start.elapsed());
    let start = Instant::now();
    let places = faelled_seed::places_csv::Places::default();
    let file = std::fs::File::open(folder.path().join("listings.csv")).unwrap();
    let rows = faelled_seed::listings_csv::Reader::open("listings.csv", file, &places).unwrap();
    assert_eq!(rows.map(Result::unwrap).count(), 1_000_000);
    println!("read from CSV: {:.2?}", start.elapsed());
}
