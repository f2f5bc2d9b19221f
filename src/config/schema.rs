//! The JSON schema of the configuration file, for editors.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator};

use super::raw::File;

/// The schema (JSON Schema 2020-12) as it stands in `config/doorward.schema.json`: indented, with a newline at its end.
pub fn schema() -> String {
    let mut schema =
        SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<File>();
    RecursiveTransform(adapt).transform(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A number or truth may also be a text with a `${VAR}` in it; what is left out is left out, `null` is not offered;
/// descriptions are broken by their reader.
fn adapt(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(serde_json::Value::String(text)) = object.get_mut("description") {
        let paragraphs: Vec<String> = text.split("\n\n").map(|p| p.replace('\n', " ")).collect();
        *text = paragraphs.join("\n\n");
    }
    let mut types: Vec<String> = match object.get("type") {
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        Some(serde_json::Value::Array(several)) => {
            several.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    types.retain(|one| one != "null");
    if types.iter().any(|one| one == "integer" || one == "boolean") {
        types.push("string".to_owned());
        object.insert("pattern".to_owned(), r"\$\{".into());
        object.remove("format");
    }
    match <[String; 1]>::try_from(types) {
        Ok([one]) => drop(object.insert("type".to_owned(), one.into())),
        Err(several) if several.is_empty() => {}
        Err(several) => drop(object.insert("type".to_owned(), several.into())),
    }
    if let Some(serde_json::Value::Array(options)) = object.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    if let Some(serde_json::Value::Array(options)) = object.get_mut("anyOf") {
        options.retain(|option| option.get("type").and_then(|t| t.as_str()) != Some("null"));
        if let [only] = options.as_slice()
            && let Some(reference) = only.get("$ref").cloned()
        {
            object.remove("anyOf");
            object.insert("$ref".to_owned(), reference);
        }
    }
}

#[cfg(test)]
mod tests {
    /// `DOORWARD_BLESS=1 cargo test` writes the file anew.
    #[test]
    fn the_schema_file_is_the_one_that_the_types_make() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/doorward.schema.json");
        let made = super::schema();
        if std::env::var_os("DOORWARD_BLESS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == made, "run DOORWARD_BLESS=1 cargo test to write {path} anew");
    }
}
