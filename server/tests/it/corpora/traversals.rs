//! 80 ways to write a path that leads out of its folder.

/// What stands for "one folder up".
const UP: [&str; 20] = [
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    ".%2e/",
    "%2e./",
    "..%5c",
    "%2e%2e%5c",
    "..\\",
    "%252e%252e%252f",
    "..%252f",
    "....//",
    "..;/",
    "..%00/",
    "%c0%ae%c0%ae/",
    "..%c0%af",
    "%e0%80%ae%e0%80%ae/",
    "..%ef%bc%8f",
    "%uff0e%uff0e/",
    ".././",
];

/// Each of them one, two and six folders up; and one that first goes down.
pub fn traversals(target: &str) -> Vec<String> {
    UP.iter()
        .flat_map(|up| {
            [
                format!("{up}{target}"),
                format!("{up}{up}{target}"),
                format!("{}{target}", up.repeat(6)),
                format!("pkg/{up}{up}{target}"),
            ]
        })
        .collect()
}

#[test]
fn there_are_eighty() {
    let all = traversals("canary");
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (80, 80));
}
