# docker build --build-arg VERSION=$(git describe --tags --always) -t infershield .
# docker run -p 127.0.0.1:8000:8000 -p 127.0.0.1:8001:8001 -v infershield:/data -e KEY_MODE=auto infershield
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/infershield ./cmd/infershield \
 && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/infershield /infershield
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# Inside the container loopback would be out of reach of everybody; who may
# come in is what -p and the network say.
ENV INFERSHIELD_DATA_DIR=/data \
    INFERSHIELD_LISTEN=0.0.0.0:8000 \
    INFERSHIELD_ADMIN=0.0.0.0:8001
VOLUME /data
EXPOSE 8000 8001
ENTRYPOINT ["/infershield"]
CMD ["serve"]
