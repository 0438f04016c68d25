# The same steps as scripts/run takes on bookworm, in two stages: the compiler stays behind.

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev libopus-dev python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY requirements requirements
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python3 -m venv /opt/centralita \
    && /opt/centralita/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /opt/centralita/bin/pip install --no-cache-dir --no-deps /wheel/*.whl

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng libopus0 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/centralita centralita
COPY --from=build /opt/centralita /opt/centralita
USER centralita
# The first start writes var/centralita.yaml here; mount a volume to keep it, the recordings and the rest.
WORKDIR /var/lib/centralita
# SIP on 5060, UDP and TCP; the API on 8080; RTP on the whole of media.ports, for which --network host is
# kinder than ten thousand published ports.
EXPOSE 5060/udp 5060/tcp 8080/tcp
ENTRYPOINT ["/opt/centralita/bin/centralita"]
CMD ["serve"]
