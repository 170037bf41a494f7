//! P40: what the two crates ask of others.

/// The requirement of each dependency of a manifest, by a table's name that ends so.
fn requirements<'a>(manifest: &'a str, table: &str) -> Vec<(&'a str, &'a str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == table;
        } else if inside
            && !line.starts_with('#')
            && let Some((name, requirement)) = line.split_once('=')
        {
            found.push((name.trim(), requirement.trim()));
        }
    }
    found
}

const WORKSPACE: &str = include_str!("../../Cargo.toml");
const RUNTIME: &str = include_str!("../../runtime/Cargo.toml");
const MACROS: &str = include_str!("../../macros/Cargo.toml");

/// Nothing is pinned but the macros, which must be of the same version.
#[test]
fn p40_nothing_is_pinned() {
    let mut all = requirements(WORKSPACE, "workspace.dependencies");
    all.extend(requirements(RUNTIME, "dependencies"));
    all.extend(requirements(MACROS, "dependencies"));
    assert!(all.len() > 10, "the manifests are read: {all:?}");
    for (name, requirement) in all {
        let pinned = requirement.contains("\"=") || requirement.contains("\"<") || requirement.contains("\"~");
        assert_eq!(pinned, name == "steadfast-macros", "{name} = {requirement}");
        // A whole version is the least that works, not a wish for the latest patch.
        assert!(!requirement.contains('*'), "{name} = {requirement}");
    }
}

/// Few dependencies by default, without their own defaults where those are large, and no feature that one must turn off.
#[test]
fn p40_defaults_are_small() {
    assert_eq!(
        requirements(RUNTIME, "features").into_iter().find(|(name, _)| *name == "default"),
        Some(("default", "[]"))
    );
    let required: Vec<_> = requirements(RUNTIME, "dependencies")
        .into_iter()
        .filter(|(_, requirement)| !requirement.contains("optional = true"))
        .map(|(name, _)| name.trim_end_matches(".workspace"))
        .collect();
    assert_eq!(required, ["httpdate", "pin-project-lite", "rand", "steadfast-macros", "tokio"]);
    let workspace = requirements(WORKSPACE, "workspace.dependencies");
    for large in ["rand", "tokio"] {
        let (_, requirement) = workspace.iter().find(|(name, _)| *name == large).unwrap();
        assert!(requirement.contains("default-features = false"), "{large} = {requirement}");
    }
    let (_, tokio) = requirements(RUNTIME, "dependencies").into_iter().find(|(name, _)| *name == "tokio").unwrap();
    assert!(!tokio.contains("full") && !tokio.contains("rt-multi-thread"), "{tokio}");
}
