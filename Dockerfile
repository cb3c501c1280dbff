# The server as an image with little more than its executable; script/image builds it.

ARG SWIFT_IMAGE=docker.io/library/swift:6.3.1-bookworm
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-20260824-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

FROM ${SWIFT_IMAGE} AS build
# A Debian release keeps one version of each package, and replaces it for a security fix: a pin would only break.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libhiredis-dev libsimdjson-dev libsqlite3-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY script/build script/build
COPY script/progress script/progress
COPY Sources Sources
# SwiftPM needs the folders of all targets, even those that it does not build.
COPY Tests Tests
# The last build is cached outside the image's layers, so that a changed line does not rebuild NIO.
RUN --mount=type=cache,target=/src/.build,sharing=locked \
    script/build --product bungalow-server \
    && strip -o /bungalow-server .build/release/bungalow-server

FROM ${DEBIAN_IMAGE} AS runtime
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libhiredis0.14 libsimdjson14 libsqlite3-0 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /bungalow-server /usr/local/bin/bungalow-server
COPY script/image-root /usr/local/sbin/image-root
RUN image-root /usr/local/bin/bungalow-server /image

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bungalow" \
      org.opencontainers.image.description="Scores California houses over HTTP with a linear model" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=runtime /image /
ENV BIND_HOST=0.0.0.0
EXPOSE 8000
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/bungalow-server"]
