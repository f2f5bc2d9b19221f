use std::fs;

use super::*;

#[test]
#[ignore = "writes every page into the folder that PAGES_GALLERY names, to be looked at"]
fn gallery() {
    let folder = std::path::PathBuf::from(std::env::var_os("PAGES_GALLERY").unwrap());
    let accent = std::env::var_os("PAGES_ACCENT").map(|a| a.to_str().unwrap().parse().unwrap());
    let look = Look { name: "Example Wiki".to_owned(), accent, logo: None };
    let pages = Pages::new(&Templates::default(), look).unwrap();
    let files = folder.join("_doorward/static");
    fs::create_dir_all(&files).unwrap();
    for name in pages.assets.names() {
        fs::write(files.join(name), &pages.asset(name).unwrap().bytes).unwrap();
    }
    for (name, page) in samples::every_page() {
        let html = pages.render(&page, &samples::frame()).unwrap();
        fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}
