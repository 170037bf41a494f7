//! The table of keys in the docs of the module is that of the policies.

use std::collections::BTreeSet;

use crate::config::known::kind;
use crate::config::samples;

const DOCS: &str = include_str!("../../config.rs");

#[test]
fn the_docs_name_the_keys_of_each_kind() {
    let table = DOCS.split("//! | kind | keys |").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with("//! |")).collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let kind = kind(row.split('`').nth(1).unwrap()).unwrap();
        let documented: BTreeSet<&str> = row.split(" | ").nth(2).unwrap().split('`').skip(1).step_by(2).collect();
        let keys = samples::keys(kind);
        let taken: BTreeSet<&str> =
            keys.iter().map(String::as_str).filter(|key| !["enabled", "critical"].contains(key)).collect();
        assert_eq!(documented, taken, "{kind}");
        assert_ne!(taken.len(), keys.len(), "{kind} has what all have");
    }
}
