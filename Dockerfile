# syntax=docker/dockerfile:1
# Two images: `app`, every process of ours (which one is the command), and `edge`, Varnish with our VCL.

FROM node:24-bookworm-slim AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app

FROM base AS packages
COPY package.json package-lock.json .npmrc ./
# npm ci refuses a lock without the optional packages of every platform; npm install takes what is locked, too.
RUN npm ci --omit=dev --no-audit --no-fund --loglevel=error \
 || npm install --omit=dev --no-save --no-audit --no-fund --loglevel=error

FROM base AS app
ENV NODE_ENV=production
COPY --from=packages /app/node_modules ./node_modules
# Node runs the TypeScript as it is: there is nothing to build.
COPY package.json tsconfig.json ./
COPY domain ./domain
COPY media ./media
COPY blobstore ./blobstore
COPY objects ./objects
COPY catalog ./catalog
COPY events ./events
COPY cdn ./cdn
COPY api ./api
COPY activities ./activities
COPY workflows ./workflows
COPY workers ./workers
COPY console ./console
COPY infra ./infra
# The console's bundle and temporary files are written here by an unprivileged process.
RUN mkdir -p .darkroom dist && chown node:node .darkroom dist
USER node
CMD ["node", "workers/api.main.ts"]

FROM debian:bookworm-slim AS edge
# varnish-modules brings xkey, by which everything of one media item is purged at once.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates varnish varnish-modules \
 && rm -rf /var/lib/apt/lists/*
COPY infra/varnish/ /usr/share/darkroom/vcl/
ENV ORIGIN_HOST=origin ORIGIN_PORT=8081 EDGE_PORT=8090 EDGE_MEMORY=256m
# VCL has no variables of its own for a backend's address: they are filled in before it is read.
# 512k of workspace: a fetch's headers and the words of its purges stand in it.
CMD ["/bin/sh", "-euc", "\
mkdir -p /etc/varnish/darkroom; \
for file in /usr/share/darkroom/vcl/*.vcl; do \
  sed -e \"s/@ORIGIN_HOST@/$ORIGIN_HOST/g\" -e \"s/@ORIGIN_PORT@/$ORIGIN_PORT/g\" \"$file\" > \"/etc/varnish/darkroom/${file##*/}\"; \
done; \
exec varnishd -F -a \":$EDGE_PORT\" -f /etc/varnish/darkroom/darkroom.vcl -s \"malloc,$EDGE_MEMORY\" \
  -p vcl_path=/etc/varnish/darkroom -p workspace_backend=512k"]
