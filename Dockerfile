# InferShield as an image that holds one static binary and the roots it verifies
# providers by: no shell, no package manager, no root. docs/docker.md says how to
# use it.
#
#   docker build --build-arg VERSION="$(git describe --tags --always)" -t infershield/proxy .
#   docker run -p 127.0.0.1:8000:8000 -p 127.0.0.1:8001:8001 -v infershield:/data -e KEY_MODE=auto infershield/proxy

FROM golang:1.26-bookworm AS build
WORKDIR /src
# The modules are a layer of their own, which stays while they stay.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/infershield ./cmd/infershield
# A named volume takes over the owner and mode of the folder it is mounted on.
RUN mkdir -p /out/etc && mkdir -m 0700 /out/data && mkdir -m 0755 /out/trust \
 && echo 'infershield:x:65532:65532:InferShield:/data:/' > /out/etc/passwd \
 && echo 'infershield:x:65532:' > /out/etc/group

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/etc/passwd /out/etc/group /etc/
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/trust /trust
COPY --from=build /out/infershield /usr/local/bin/infershield
USER 65532:65532
# Inside a container loopback is out of reach of everybody else; who may come in
# is what -p and the network say. TMPDIR is for sorting what does not fit into
# memory, where the root file system is read-only.
ENV PATH=/usr/local/bin \
    INFERSHIELD_DATA_DIR=/data \
    INFERSHIELD_LISTEN=0.0.0.0:8000 \
    INFERSHIELD_ADMIN=0.0.0.0:8001 \
    TMPDIR=/data
VOLUME /data
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["infershield", "health"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="InferShield" \
      org.opencontainers.image.description="Inspects what programs say to LLM providers, on the way" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"
ENTRYPOINT ["infershield"]
CMD ["serve"]
