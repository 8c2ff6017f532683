# scad in a container: both programs, static, and the licences of what they carry; not even a shell. docs/deploy.md tells how to run it.
# scripts/container-check runs these steps without a container engine; it knows the instructions that are used here and no others.

FROM swift:6.3.1-bookworm AS build
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends libreadline-dev zlib1g-dev python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The dependencies are fetched here, so a build needs the network.
RUN built=$(scripts/release scad scactl) \
    && scripts/notices --build-path "$built" scad scactl \
    && mkdir -p /image/usr/local/bin \
    && strip -o /image/usr/local/bin/scad "$built/scad" \
    && strip -o /image/usr/local/bin/scactl "$built/scactl" \
    && install -D -m 644 "$built/scad.notices" /image/usr/local/share/doc/scad/THIRD-PARTY-NOTICES \
    && install -D -m 644 "$built/scactl.notices" /image/usr/local/share/doc/scactl/THIRD-PARTY-NOTICES

FROM scratch
COPY --from=build /image/ /
COPY LICENSE NOTICE /usr/share/doc/sca/
# A container's loopback is nobody's but its own.
ENV SCAD_HOST=0.0.0.0
EXPOSE 8080
# A number, since there is no list of users in here; nobody's elsewhere.
USER 65532:65532
# Asks at SCAD_PORT or PORT, as scad listens there. With a certificate in here it must be told more: docs/deploy.md.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/scactl", "health", "--quiet", "--timeout", "5s"]
ENTRYPOINT ["/usr/local/bin/scad"]
