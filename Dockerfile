# syntax=docker/dockerfile:1
# Built in one stage, run in another that has neither compiler nor shell scripts of ours.

FROM rust:1.95-bookworm AS build
# Pingora's zlib-ng is built by cmake.
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake=3.25.* \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY templates templates
COPY config config
COPY benches benches
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release --bin doorward \
 && cp target/release/doorward /usr/local/bin/doorward

FROM debian:bookworm-slim
# Certificates for the mail server and for upstreams over TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates=2023* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/doorward --shell /usr/sbin/nologin doorward \
 && install -d -o doorward -g doorward -m 0700 /var/lib/doorward \
 && install -d /etc/doorward/templates
COPY --from=build /usr/local/bin/doorward /usr/local/bin/doorward
USER 10001:10001
# Accounts, sessions and the server secret; and templates that take the place of those in the binary.
VOLUME ["/var/lib/doorward", "/etc/doorward/templates"]
EXPOSE 8443 8080 9180
ENV DOORWARD_CONFIG=/etc/doorward/doorward.yaml
# Asks the admin listener of the running configuration.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/doorward", "health", "-c", "/etc/doorward/doorward.yaml"]
ENTRYPOINT ["/usr/local/bin/doorward"]
CMD ["serve", "-c", "/etc/doorward/doorward.yaml"]
