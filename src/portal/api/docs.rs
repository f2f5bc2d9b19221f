//! The document as a page, for people who write programs: made here, with nothing from elsewhere and no script. It is in
//! English, as the document is.

use std::fmt::Write as _;

use minijinja::HtmlEscape;
use serde_json::Value;

use super::operations::{OPERATIONS, Operation};
use crate::portal::pages::Pages;

/// The page.
pub(super) fn page(document: &Value, pages: &Pages, site: &str) -> String {
    let mut html = String::with_capacity(64 * 1024);
    // Writing into a String cannot fail.
    let _ = write_page(&mut html, document, pages, site);
    html
}

fn write_page(
    html: &mut String,
    document: &Value,
    pages: &Pages,
    site: &str,
) -> Result<(), std::fmt::Error> {
    let (theme, style) = pages.styles();
    write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>API · {site}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex, nofollow\">\n\
         <link rel=\"stylesheet\" href=\"{theme}\">\n<link rel=\"stylesheet\" href=\"{style}\">\n</head>\n\
         <body class=\"reference\">\n<main>\n<h1>API of {site}</h1>\n<p>{about}</p>\n\
         <p><a href=\"openapi.json\">openapi.json</a> is the same for machines (OpenAPI 3.1).</p>\n",
        site = HtmlEscape(site),
        about = marked(text(document, "/info/description")),
    )?;
    let groups: Vec<&str> = items(document, "/tags").map(|group| text(group, "/name")).collect();
    write_contents(html, &groups)?;
    for group in groups {
        writeln!(html, "<h2>{}</h2>", HtmlEscape(group))?;
        for one in of_group(group) {
            let method = one.method.as_str().to_ascii_lowercase();
            let operation = document.pointer("/paths").and_then(|paths| paths.get(one.path));
            if let Some(operation) = operation.and_then(|methods| methods.get(&method)) {
                write_operation(html, document, one, operation)?;
            }
        }
    }
    writeln!(html, "<h2 id=\"forms\">Forms</h2>")?;
    for (name, schema) in members(document, "/components/schemas") {
        writeln!(html, "<section id=\"{name}\">\n<h3>{name}</h3>")?;
        write_schema(html, schema)?;
        writeln!(html, "</section>")?;
    }
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// The operations of a group, in the order of the table: what people begin with comes first.
fn of_group(group: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.group == group)
}

fn write_contents(html: &mut String, groups: &[&str]) -> std::fmt::Result {
    html.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for group in groups {
        writeln!(html, "<li>{}\n<ul>", HtmlEscape(group))?;
        for Operation { id, method, path, .. } in of_group(group) {
            writeln!(html, "<li><a href=\"#{id}\"><code>{method} {path}</code></a></li>")?;
        }
        html.push_str("</ul>\n</li>\n");
    }
    html.push_str("<li><a href=\"#forms\">Forms</a></li>\n</ul>\n</nav>\n");
    Ok(())
}

fn write_operation(
    html: &mut String,
    document: &Value,
    Operation { method, path, .. }: &Operation,
    operation: &Value,
) -> std::fmt::Result {
    let server = text(document, "/servers/0/url");
    let id = text(operation, "/operationId");
    writeln!(
        html,
        "<section id=\"{id}\">\n<h3>{summary}</h3>\n<p><code>{method} {server}{path}</code></p>",
        summary = HtmlEscape(text(operation, "/summary")),
    )?;
    if operation.get("security").is_some() {
        html.push_str("<p>Wants <code>Authorization: Bearer</code> with an access token.</p>\n");
    }
    let body = "/requestBody/content/application~1json/schema";
    if let Some(schema) = operation.pointer(body) {
        writeln!(html, "<p>Takes {}.</p>", kind(schema))?;
        let example = referred(document, schema).and_then(|schema| schema.pointer("/examples/0"));
        if let Some(example) = example.and_then(|it| serde_json::to_string_pretty(it).ok()) {
            writeln!(html, "<pre tabindex=\"0\"><code>{}</code></pre>", HtmlEscape(&example))?;
        }
    }
    html.push_str("<dl>\n");
    for (status, response) in members(operation, "/responses") {
        let gives = response.pointer("/content/application~1json/schema").map(kind);
        let gives = gives.map(|kind| format!(" Gives {kind}.")).unwrap_or_default();
        let told = marked(text(response, "/description")).replace("\n\n", "<br>");
        writeln!(html, "<dt>{status}</dt>\n<dd>{told}{gives}</dd>")?;
    }
    html.push_str("</dl>\n</section>\n");
    Ok(())
}

fn write_schema(html: &mut String, schema: &Value) -> std::fmt::Result {
    let about = text(schema, "/description");
    if !about.is_empty() {
        writeln!(html, "<p>{}</p>", marked(about))?;
    }
    for one in items(schema, "/oneOf") {
        writeln!(html, "<h4>{}</h4>", kind(one))?;
        let about = text(one, "/description");
        if !about.is_empty() {
            writeln!(html, "<p>{}</p>", marked(about))?;
        }
        write_properties(html, one)?;
    }
    write_properties(html, schema)
}

fn write_properties(html: &mut String, schema: &Value) -> std::fmt::Result {
    let required: Vec<&str> = items(schema, "/required").filter_map(Value::as_str).collect();
    let mut properties = members(schema, "/properties").peekable();
    if properties.peek().is_none() {
        return Ok(());
    }
    html.push_str("<dl>\n");
    for (name, property) in properties {
        let optional = if required.contains(&name) { "" } else { ", may be left out" };
        writeln!(
            html,
            "<dt><code>{name}</code></dt>\n<dd>{about} <i>{kind}{optional}</i></dd>",
            about = marked(text(property, "/description")),
            kind = kind(property),
        )?;
    }
    html.push_str("</dl>\n");
    Ok(())
}

/// What a schema is, in few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = text(schema, "/$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    if let Some(constant) = schema.get("const").and_then(Value::as_str) {
        return format!("<code>{}</code>", HtmlEscape(constant));
    }
    let constant = schema.pointer("/properties/status/const").and_then(Value::as_str);
    if let Some(status) = constant {
        return format!("<code>status: {}</code>", HtmlEscape(status));
    }
    let several = ["/oneOf", "/anyOf"].iter().flat_map(|several| items(schema, several));
    let several: Vec<String> = several.map(kind).collect();
    if !several.is_empty() {
        return several.join(" or ");
    }
    let words: Vec<&str> = items(schema, "/enum").filter_map(Value::as_str).collect();
    if !words.is_empty() {
        let words: Vec<String> =
            words.iter().map(|word| format!("<code>{}</code>", HtmlEscape(word))).collect();
        return words.join(", ");
    }
    match schema.get("type") {
        Some(Value::String(one)) if one == "array" => {
            schema.get("items").map_or_else(|| "array".into(), |of| format!("list of {}", kind(of)))
        }
        Some(Value::String(one)) => HtmlEscape(one).to_string(),
        Some(Value::Array(several)) => {
            let names: Vec<&str> = several.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        _ => "object".to_owned(),
    }
}

fn referred<'a>(document: &'a Value, schema: &Value) -> Option<&'a Value> {
    document.pointer(text(schema, "/$ref").strip_prefix('#')?)
}

/// The text with what stands in backquotes as code.
fn marked(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in text.split('`').enumerate() {
        let part = HtmlEscape(part);
        let _ = match place % 2 {
            0 => write!(html, "{part}"),
            _ => write!(html, "<code>{part}</code>"),
        };
    }
    html
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn members<'a>(
    value: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let members = value.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}
