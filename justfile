# The verbs that everybody types. CI calls the same scripts.

default:
    @just --list

# Runs the gateway with a configuration file.
run config="config/doorward.yaml":
    cargo run -- serve -c {{config}}

# Everything on this machine: a sample app behind a login, with an inbox.
demo:
    scripts/demo

# Every test, or those with a name.
test *names:
    scripts/test {{names}}

# What is quick to check before a commit.
check:
    cargo fmt --check
    cargo clippy --locked --all-targets --features test-clock -- -D warnings

# The micro benches.
bench *names:
    cargo bench --locked {{names}}

# Which functions run, for the layout of a release: after large changes, or another compiler.
layout:
    scripts/layout

fmt:
    cargo fmt

# Everything that CI runs.
ci:
    .ci/run
