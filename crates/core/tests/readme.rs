//! The README shows code that compiles: the very lines of the example.

#[test]
fn the_readme_shows_the_example_of_an_idempotent_handler() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (example, readme) = (read("examples/idempotent.rs"), read("../../README.md"));
    let (_, from_here) = example.split_once("// README: from here\n").unwrap();
    let (shown, _) = from_here.split_once("// README: to here\n").unwrap();
    assert!(readme.contains(shown), "the README does not show:\n{shown}");
}
