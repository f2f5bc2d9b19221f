//! Reading pages as far as tests need to.

/// The value of the hidden field `name` of the first form that has one.
#[track_caller]
pub fn hidden(html: &str, name: &str) -> String {
    find_hidden(html, name).unwrap_or_else(|| panic!("no hidden field {name} in {html}"))
}

/// The same, where there may be none.
pub fn find_hidden(html: &str, name: &str) -> Option<String> {
    let inputs = html.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let wanted = format!("name=\"{name}\"");
    inputs.filter(|input| input.contains(&wanted)).find_map(|input| attribute(input, "value"))
}

/// The value of an attribute of an opening tag.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescape)
}

/// The words of the elements that are announced as errors.
pub fn alerts(html: &str) -> Vec<String> {
    let parts = html.split("role=\"alert\"").skip(1);
    let ends = |rest: &str| {
        rest.find("</div>").into_iter().chain(rest.find("</p>")).max().unwrap_or(rest.len())
    };
    parts
        .map(|rest| words(rest.split_once('>').map_or("", |(_, inside)| &inside[..ends(inside)])))
        .collect()
}

/// The text of a page without its tags, white space made single.
pub fn words(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            other if !in_tag => text.push(other),
            _ => {}
        }
    }
    unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str) -> String {
    let pairs = [
        ("&#x2f;", "/"),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// `text` as a form or a query carries it.
pub fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Fields as `application/x-www-form-urlencoded`.
pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// What a query or form value stands for.
pub fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                decoded.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
            }
            byte => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).expect("UTF-8")
}
