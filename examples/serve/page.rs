//! The frame around every HTML page this server writes itself.

use std::borrow::Cow;

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8883; --soft: #888; --link: light-dark(#0b57d0, #8ab4f8); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.35rem; font-weight: 600; margin: 0 .5rem 1rem; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
table { width: 100%; border-collapse: collapse; }
th { font-size: .8rem; font-weight: 500; color: var(--soft); text-align: left; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
tbody tr:hover { background: #8881; }
td:first-child { overflow-wrap: anywhere; }
.directory { font-weight: 600; }
.size, .time { white-space: nowrap; font-variant-numeric: tabular-nums; text-align: right; }
.size { width: 6rem; }
.time { width: 10rem; }
td.size, td.time { color: var(--soft); }
p { margin: 0 .5rem; }
footer { margin: 1rem .5rem; font-size: .8rem; color: var(--soft); }
";

/// A whole page. `title` is plain text; `heading` and `body` are HTML.
pub(crate) fn html(title: &str, heading: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{heading}</h1>\n{body}</body>\n</html>\n",
        title = escape(title),
    )
}

/// Makes text safe inside HTML elements and quoted attributes.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(escape("plain"), "plain");
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
    }

    #[test]
    fn titles_are_escaped() {
        assert!(html("</title>", "", "").contains("<title>&lt;/title&gt;</title>"));
    }
}
