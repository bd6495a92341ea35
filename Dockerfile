# One image for every role: `--role smtp|imap|web|worker`.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY config ./config
COPY src ./src
COPY queue-workers ./queue-workers
COPY mailboxes-seed ./mailboxes-seed
RUN npm run build

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# the embedded PostgreSQL and the npm Node are for machines without a container engine
RUN npm ci --omit=dev --omit=optional && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY config ./config
# what the programs read beside their sources: migrations, templates, style sheets, the seed
COPY src ./src
COPY mailboxes-seed ./mailboxes-seed
COPY --from=build /app/dist ./dist
RUN mkdir -p /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 2525 5870 4650 1143 9930 8443 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js", "--config", "/app/config/production.example.yaml", "--data-dir", "/data"]
