# docker build -t cognobserve .
# docker run -p 127.0.0.1:4100:4100 -v cognobserve:/data cognobserve
#
# BuildKit (the builder of Docker since 23, and of Podman) is needed for the cache mounts.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p cognobserve \
    && install -D -m 0755 target/release/cognobserve /out/cognobserve

# The same Debian as above: the binary needs its glibc. Roots for TLS are in the binary.
FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 cognobserve \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin cognobserve \
    && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /out/cognobserve /usr/local/bin/cognobserve

# Inside a container every address is this container's; what is reachable from outside is
# what is published.
ENV COGNOBSERVE_LISTEN=0.0.0.0:4100 \
    COGNOBSERVE_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 4100
STOPSIGNAL SIGTERM

# The process lives. Whether it can take requests is another question, which only /readyz
# answers: a database that is away is no reason to end this container.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "port=$(sed 's/.*://' <<<\"$COGNOBSERVE_LISTEN\") && exec 3<>\"/dev/tcp/127.0.0.1/$port\" && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && IFS= read -r line <&3 && [[ $line == *' 200 '* ]]"]

# What was taken is committed before the end: give it more than 30 seconds (docker stop -t 60).
ENTRYPOINT ["cognobserve"]
CMD ["serve"]
