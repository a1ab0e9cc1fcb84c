# The image holds the program and nothing else: no shell, no package, no root.
#
#   docker build --tag careconnect .
#   docker run --rm --volume careconnect:/data careconnect init --data /data     # once; keep a copy of care.key elsewhere
#   docker run --detach --read-only --publish 8080:8080 --volume careconnect:/data careconnect
#
# A folder of the host, mounted at /data, must belong to the user in the image:
#   chown 65532:65532 FOLDER

FROM golang:1.26 AS build
WORKDIR /src

# The modules change seldom: fetched first, they are kept from one build to the next.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -tags=nethttpomithttp2 -trimpath -ldflags="-s -w -X main.version=${VERSION}" -o /out/careconnect . \
    && install -d -m 0700 /out/root/data

FROM scratch

# An ARG ends with its stage, so it is named again for the label.
ARG VERSION=dev
LABEL org.opencontainers.image.title="Care Connect" \
      org.opencontainers.image.description="Referrals, appointments and screenings of a behavioral health programme, kept sealed" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="The Care Connect authors"

# The authorities that outgoing mail, webhooks and sign-in providers are checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/careconnect /careconnect
COPY --from=build --chown=65532:65532 /out/root/ /

# /data is the one place that may be written, so that the root can be mounted read-only.
ENV TMPDIR=/data
VOLUME /data
WORKDIR /data
USER 65532:65532
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/careconnect", "healthcheck"]
# Stopping drains for 20 s; give it longer than the engine's 10: docker stop --time 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/careconnect"]
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080"]
