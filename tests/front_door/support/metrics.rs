//! What `/metrics` says, as numbers.

/// One reading of `/metrics`.
#[derive(Clone, Debug)]
pub struct Metrics(pub String);

impl Metrics {
    /// The sum of all samples of `name` whose labels include these.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let samples = self.0.lines().filter(|line| !line.starts_with('#'));
        let values = samples.filter_map(|line| {
            let (key, value) = line.rsplit_once(' ')?;
            let (found, rest) = key.split_once('{').unwrap_or((key, ""));
            let same =
                labels.iter().all(|(label, value)| rest.contains(&format!("{label}=\"{value}\"")));
            (found == name && same).then(|| value.parse::<f64>().ok())?
        });
        values.sum()
    }

    /// How often each operation of the stores was asked for since `before`, in the order of their names.
    pub fn store_calls_since(&self, before: &Self) -> Vec<(String, u64)> {
        let mut calls = Vec::new();
        for line in self.0.lines().filter(|line| line.starts_with("doorward_store_seconds_count{"))
        {
            let (key, _) = line.rsplit_once(' ').expect("a sample has a value");
            let value = |metrics: &Self| {
                let line = metrics
                    .0
                    .lines()
                    .find(|line| line.rsplit_once(' ').is_some_and(|(found, _)| found == key));
                line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).unwrap_or(0.0)
            };
            let more = value(self) - value(before);
            if more > 0.0 {
                calls.push((
                    key.trim_start_matches("doorward_store_seconds_count").to_owned(),
                    more as u64,
                ));
            }
        }
        calls.sort();
        calls
    }
}
