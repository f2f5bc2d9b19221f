//! Changing the configuration of a gateway that runs.

use std::process::Command;

use super::site::Site;
use super::tools::eventually;

impl Site {
    /// Writes the configuration with `old` replaced, in one step, as careful editors do.
    #[track_caller]
    pub fn edit(&self, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.config()).expect("the configuration");
        assert!(text.contains(old), "no {old:?} in\n{text}");
        let unfinished = self.path("doorward.yaml.new");
        std::fs::write(&unfinished, text.replace(old, new)).expect("it is written");
        std::fs::rename(unfinished, self.config()).expect("it is put in its place");
    }

    /// Sends the process a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// How often the configuration was read again with this result.
    pub async fn reloads(&self, result: &str) -> f64 {
        self.metrics().await.sum("doorward_config_reloads_total", &[("result", result)])
    }

    /// Waits until the configuration was read again so often with this result.
    pub async fn wait_for_reloads(&self, result: &str, count: u32) {
        let what = format!("reload {count} with result {result}");
        eventually(&what, async || (self.reloads(result).await >= f64::from(count)).then_some(()))
            .await;
    }

    /// The log lines with these words in their message, as JSON.
    pub fn logged(&self, message: &str) -> Vec<serde_json::Value> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines
            .filter(|line: &serde_json::Value| {
                line["message"].as_str().is_some_and(|said| said.contains(message))
            })
            .collect()
    }
}

/// Sends a process a signal.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "{pid} cannot be sent {name}");
}
