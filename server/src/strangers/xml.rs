//! Text in XML: in badges and feeds.

/// Text as an element or an attribute holds it. Characters that XML does not know are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let hostile = "<script>\u{0}\u{8}\"'&]]></a>\u{ffff}\n";
        assert_eq!(
            escaped(hostile),
            "&lt;script&gt;&quot;&#39;&amp;]]&gt;&lt;/a&gt;\n"
        );
    }
}
