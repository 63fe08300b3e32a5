# syntax=docker/dockerfile:1.7

# One image for all of NEXUS: the command chooses what runs.
#   docker build -t nexus:0.1.0 --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker run nexus:0.1.0 apps/gateway/dist/main.js
#   docker build -t nexus-gpu:0.1.0 --target gpu .       (the same for apps/local-model on a graphics card)

ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# --- compiles, then keeps what is needed to run
FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
RUN node node_modules/typescript7/bin/tsc -b
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund
RUN sh deploy/image/assemble.sh /src /out && node deploy/image/sbom.mjs /out > /out/sbom.cdx.json

# --- what every target is made of
FROM ${NODE_IMAGE} AS nexus
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG NODE_IMAGE
LABEL org.opencontainers.image.title="NEXUS" \
      org.opencontainers.image.description="Answers every message exactly once, with the cheapest model that can do the job inside the tenant's budget" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/${NODE_IMAGE}" \
      org.nexus.sbom="/app/sbom.cdx.json"
# Nothing is installed at run time, so nothing that installs is left.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && groupadd --gid 10001 nexus && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin nexus
WORKDIR /app
COPY --from=build /out/ ./
# The files are root's: the user who runs may read them. It needs no place to write but /tmp.
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    NEXUS_HOST=0.0.0.0 \
    NEXUS_CONFIG_DIR=/app/config
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 8080 50053 50054 50055 50056 50057 50060 50061
ENTRYPOINT ["node"]
CMD ["apps/gateway/dist/main.js"]

# --- for apps/local-model on NVIDIA cards: CUDA's libraries, and llama.cpp's binary for them
FROM build AS gpu-build
ARG LLAMA_VERSION=3.22.1
RUN sh deploy/image/add-cuda.sh "${LLAMA_VERSION}" /out

FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04 AS gpu
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NEXUS, local models on NVIDIA cards" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/nvidia/cuda:12.8.1-runtime-ubuntu24.04" \
      org.nexus.sbom="/app/sbom.cdx.json"
RUN groupadd --gid 10001 nexus && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin nexus
COPY --from=nexus /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=gpu-build /out/ ./
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    NEXUS_LOCAL_MODEL_HOST=0.0.0.0
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 50061
ENTRYPOINT ["node"]
CMD ["apps/local-model/dist/main.js"]

# --- what `docker build` makes when no target is named
FROM nexus
