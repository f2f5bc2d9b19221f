//! Apps whose pages live by WebSockets, in a browser and unchanged: docs/apps.md says how each is set up.

use std::path::Path;
use std::process::Command;

use super::{options, story};
use crate::apps::{jupyter, site_of};
use crate::support::app::App;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{apps_node_modules, notebooks_python};

const NOTEBOOK: &str = r#"{
    "cells": [
        { "cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [], "source": [] }
    ],
    "metadata": { "kernelspec": { "name": "python3", "display_name": "Python 3", "language": "python" } },
    "nbformat": 4, "nbformat_minor": 5
}"#;

#[tokio::test]
async fn a_person_runs_a_cell_of_jupyterlab() {
    let address = App::free_address();
    let made = |folder: &Path| {
        std::fs::write(folder.join("note.ipynb"), NOTEBOOK).expect("a notebook");
        jupyter("jupyterlab", address, folder)
    };
    let _jupyter = App::start(address, made).await;
    let site = site_of(address, "jupyter", "/open/**").await;
    story("jupyter.mjs", options(&site, true), &site).await;
}

/// It says who is asking, by the head of its WebSocket.
const SLIDER: &str = "import streamlit as st\n\
    number = st.slider('Number', 0, 10, 3)\n\
    st.write(f'{st.context.headers.get(\"Remote-User\")} doubles it: {2 * number}')\n";

#[tokio::test]
async fn a_person_moves_a_slider_of_streamlit() {
    let address = App::free_address();
    let made = |folder: &Path| {
        std::fs::write(folder.join("app.py"), SLIDER).expect("an app");
        let mut command = Command::new(notebooks_python());
        command
            .args(["-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1"])
            .arg(format!("--server.port={}", address.port()))
            .args(["--server.headless=true", "--browser.gatherUsageStats=false"])
            .env("HOME", folder);
        command
    };
    let _streamlit = App::start(address, made).await;
    let setup = Setup { upstream: Some(address), people: vec![ADA], ..Setup::default() };
    let site = Site::with(setup).await;
    story("streamlit.mjs", options(&site, true), &site).await;
}

/// Its editor asks somebody else for a catalogue where nodes may be installed.
const SETTINGS: &str = "module.exports = {\n\
    uiHost: '127.0.0.1', credentialSecret: false, telemetry: { enabled: false }, editorTheme: { tours: false },\n\
    externalModules: { palette: { allowInstall: false } },\n};\n";

#[tokio::test]
async fn a_person_deploys_a_flow_of_node_red() {
    let address = App::free_address();
    let made = |folder: &Path| {
        std::fs::write(folder.join("settings.js"), SETTINGS).expect("its settings");
        let mut command = Command::new("node");
        command
            .arg(apps_node_modules().join("node-red/red.js"))
            .args(["--settings", "settings.js", "--userDir", "."])
            .args(["--port", &address.port().to_string()])
            .env("HOME", folder);
        command
    };
    let _node_red = App::start(address, made).await;
    let setup = Setup { upstream: Some(address), people: vec![ADA], ..Setup::default() };
    let site = Site::with(setup).await;
    story("node_red.mjs", options(&site, true), &site).await;
}
