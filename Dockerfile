# syntax=docker/dockerfile:1

# Debian, for the native core of the Temporal SDK comes for glibc only. Name a digest to pin it hard:
#   docker build --build-arg NODE_IMAGE=node:22-bookworm-slim@sha256:… .
ARG NODE_IMAGE=node:22-bookworm-slim

# --- build: all packages, and dist/ ---
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/bundle.mjs scripts/lazyProtos.mjs scripts/protos.mjs scripts/workflows.mjs scripts/
COPY src src
COPY workflows workflows
COPY activities activities
RUN npm run build

# --- packages: only those that run, and of the native core only this platform's ---
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
    && rm -r node_modules/@temporalio/core-bridge/sdk-core

# --- the image ---
FROM ${NODE_IMAGE}

# The native core needs the certificates of the system even for a connection without TLS.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*

# A new volume takes its owner from this folder.
RUN install -d -o node -g node /var/lib/sluice/stage /data

ENV NODE_ENV=production \
    SLUICE_DIST=1 \
    SLUICE_HOME=/var/lib/sluice \
    SLUICE_STAGE=/var/lib/sluice/stage \
    SLUICE_SOURCE_ROOTS=/data \
    SLUICE_HOST=0.0.0.0 \
    SLUICE_PORT=3000 \
    SLUICE_LOG_FORMAT=json

WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY package.json LICENSE ./

# The user `node`, by number: so Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 3000

# For the api, which is the default command. docker-compose.yml has another one for workers.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.SLUICE_PORT + '/healthz').then((reply) => process.exit(reply.ok ? 0 : 1))"]

# Signals reach Node directly; `docker run --init` (or `init: true`) adds a reaper of zombies.
ENTRYPOINT ["node", "--max-semi-space-size=4", "bin/sluice.js"]
CMD ["api"]
