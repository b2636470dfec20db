# MemicOS in one container: the site on port 3000, its worker and its jobs. docs/hosting.md tells how to run it.
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends make gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 memicos \
    && install -d -o memicos /srv/memicos /data
USER memicos
WORKDIR /srv/memicos
COPY --chown=memicos . .
RUN make install && .venv/bin/memicos build
ENV HOST=0.0.0.0 DATA_DIR=/data HF_HOME=/data/huggingface
VOLUME /data
EXPOSE 3000
HEALTHCHECK --start-period=180s CMD [".venv/bin/python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:3000/api/ready', timeout=5)"]
CMD [".venv/bin/memicos", "run"]
