//! Pages that have been built anew have new names, which the compiler would not look for by itself.

use std::fs;

const PAGES: &str = "../../web/dist";

fn main() {
    // A folder that is not there would be looked for in every build. That it cannot be made in a
    // checkout that is only for reading costs no more than that.
    let _ = fs::create_dir_all(PAGES);
    println!("cargo:rerun-if-changed={PAGES}");
}
